provider "vb365" {
  endpoint           = "https://vb365.example.com:4443"
  username           = "VB365\\svc-terraform"
  certificate_sha256 = "8E:4C:61:0B:D3:5A:F7:29:90:1E:C8:44:7B:A2:36:DF:05:9D:E1:73:2C:B8:56:FA:18:CB:40:97:6E:D2:83:3F"

  # The passwords come from VB365_PASSWORD and VB365_WINRM_PASSWORD.
  powershell = {
    winrm = {
      host               = "vb365.example.com"
      username           = "VB365\\svc-terraform"
      certificate_sha256 = "3A:90:5D:27:C6:14:E8:7B:02:9F:D1:68:4C:B5:33:AE:70:1D:F9:82:56:0B:C4:E7:39:6A:15:D8:90:42:BE:61"
    }
  }
}
