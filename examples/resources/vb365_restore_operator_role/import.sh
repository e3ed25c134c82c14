# By the names of organization and role:
terraform import vb365_restore_operator_role.helpdesk 'contoso.onmicrosoft.com/Helpdesk'

# By the role's id:
terraform import vb365_restore_operator_role.helpdesk 5b7b13ba-a04e-4e05-8eab-0084ae5410a0
