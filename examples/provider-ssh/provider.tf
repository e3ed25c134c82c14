provider "vb365" {
  endpoint           = "https://vb365.example.com:4443"
  username           = "VB365\\svc-terraform"
  certificate_sha256 = "8E:4C:61:0B:D3:5A:F7:29:90:1E:C8:44:7B:A2:36:DF:05:9D:E1:73:2C:B8:56:FA:18:CB:40:97:6E:D2:83:3F"

  # The password comes from VB365_PASSWORD, the private key from VB365_SSH_PRIVATE_KEY.
  powershell = {
    ssh = {
      host     = "vb365.example.com"
      username = "svc-terraform"
      host_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB0pSRGy0sLZQ3hYkCHQ0x8cUyYeFkcIk4k4r4ZtHcQy"
    }
  }
}
