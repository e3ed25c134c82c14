terraform {
  required_providers {
    vb365 = {
      source  = "vb365/vb365"
      version = "~> 0.1"
    }
  }
}

# The account comes from the environment: VB365_USERNAME and VB365_PASSWORD.
provider "vb365" {
  endpoint = "https://vb365.example.com:4443"

  # The fingerprint of the REST service's certificate, which may be self-signed.
  certificate_sha256 = "8E:4C:61:0B:D3:5A:F7:29:90:1E:C8:44:7B:A2:36:DF:05:9D:E1:73:2C:B8:56:FA:18:CB:40:97:6E:D2:83:3F"
}
