terraform {
  required_providers {
    vb365 = {
      source  = "vb365/vb365"
      version = "~> 0.1"
    }
  }
}

variable "vb365_username" {
  type = string
}

variable "vb365_password" {
  type      = string
  sensitive = true
}

provider "vb365" {
  endpoint = "https://vb365.example.com:4443"
  username = var.vb365_username
  password = var.vb365_password

  # The server's certificate was issued by the company's own authority, and
  # names vb365.example.com as subject alternative name.
  ca_certificate_pem = file("${path.module}/company-ca.pem")
}
