# terraform query -generate-config-out=roles.tf
list "vb365_restore_operator_role" "contoso" {
  provider         = vb365
  include_resource = true

  config {
    organization_id = "c0000001-0000-4000-8000-000000000000"
  }
}
