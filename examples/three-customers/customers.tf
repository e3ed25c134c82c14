# All that has to be written for a customer. People are named by their user
# principal name, groups and teams by their name, sites by their URL.
locals {
  customers = {
    # The helpdesk restores whatever is asked for, but nothing of the executives.
    contoso = {
      organization = "contoso.onmicrosoft.com"
      roles = {
        "Helpdesk" = {
          operators           = { groups = ["Helpdesk"] }
          entire_organization = true
          excluded_objects    = { groups = ["Executives"] }
        }
      }
    }

    # The owners of some sites and teams restore these, and nothing else.
    fabrikam = {
      organization = "fabrikam.onmicrosoft.com"
      roles = {
        "Site owners" = {
          operators = { users = ["isaiah.langer@fabrikam.com", "lee.gu@fabrikam.com"] }
          managed_objects = {
            sites = [
              "https://fabrikam.sharepoint.com/sites/projects",
              "https://fabrikam.sharepoint.com/sites/handbook",
            ]
            teams = ["Engineering", "Launch"]
          }
        }
      }
    }

    # Personnel restores for its own department, but not the mail of its head.
    adatum = {
      organization = "adatum.onmicrosoft.com"
      roles = {
        "Personnel" = {
          description      = "Approved by the works council"
          operators        = { users = ["grady.archie@adatum.com"] }
          managed_objects  = { groups = ["Human Resources"] }
          excluded_objects = { users = ["henrietta.mueller@adatum.com"] }
        }
      }
    }
  }
}
