terraform {
  required_version = ">= 1.5"

  required_providers {
    vb365 = {
      source  = "vb365/vb365"
      version = "~> 0.1"
    }
  }
}
