data "vb365_server" "this" {}

check "server_has_v8" {
  assert {
    condition     = contains(data.vb365_server.this.api_versions, "v8")
    error_message = "The server (build ${data.vb365_server.this.build}) does not serve API version v8."
  }
}
