package tfkit

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/vb365/terraform-provider-vb365/internal/entra"
)

// Titles of diagnostics about Microsoft Entra. They are part of the
// documentation: people search for them.
const (
	TitleEntraSetting     = "The provider is not told how to log in to Microsoft Entra"
	TitleEntraUnreachable = "Microsoft Entra cannot be reached"
	TitleEntraLogin       = "Microsoft Entra refused the login"
	TitleEntraNotInTenant = "The application that logs in is not known in the tenant"
	TitleEntraNoTenant    = "There is no such tenant"
	TitleEntraExpired     = "The credential for Microsoft Entra has expired"
	TitleEntraPermission  = "A permission is missing in the tenant"
	TitleEntraApplication = "The application cannot be used in this tenant"
	TitleEntraRefused     = "Microsoft Graph refused the request"
	TitleEntraTrouble     = "Microsoft Graph is in trouble"
	TitleEntraUnexpected  = "Microsoft Graph's answer cannot be understood"
)

// explainEntra explains errors of the Entra client; ok is false for all others.
func explainEntra(err error) (title, advice string, ok bool) {
	var (
		login       *entra.LoginError
		unreachable *entra.UnreachableError
		response    *entra.ResponseError
		unexpected  *entra.UnexpectedReplyError
		foreign     *entra.ForeignHostError
	)
	switch {
	case errors.Is(err, entra.ErrNoCredential), errors.Is(err, entra.ErrNoClientID):
		return TitleEntraSetting, "The provider needs client_id and one of client_secret, client_certificate, use_oidc and use_msi, or " +
			"use_cli alone, in its entra attribute or as the ARM_* environment variables of the azuread provider, such as ARM_CLIENT_ID " +
			"and ARM_CLIENT_SECRET.", true
	case errors.As(err, &login):
		title, advice = explainEntraLogin(login)
		return title, advice, true
	case errors.As(err, &unreachable):
		return TitleEntraUnreachable, "Check the network, its proxy (HTTPS_PROXY) and, for other clouds than the worldwide one, " +
			"entra.environment.", true
	case errors.As(err, &response):
		title, advice = explainGraph(response)
		return title, advice, true
	case errors.As(err, &unexpected), errors.As(err, &foreign):
		return TitleEntraUnexpected, "A proxy may have answered in Graph's place. Otherwise please report this with the log of TF_LOG=DEBUG.", true
	}
	return "", "", false
}

func explainEntraLogin(e *entra.LoginError) (title, advice string) {
	const once = " It is not asked again for this tenant in this run."
	switch e.Reason {
	case entra.TenantUnknown:
		return TitleEntraNoTenant, "Check tenant_id, and that entra.environment is the cloud that the tenant is in." + once
	case entra.NotInTenant:
		return TitleEntraNotInTenant, "An administrator of the tenant has to consent once to the application that Terraform logs in with, " +
			"which must be a multi-tenant one." + once
	case entra.SecretExpired:
		return TitleEntraExpired, "Add a new client secret or certificate to the application in its home tenant, and give it to the provider." + once
	case entra.SecretWrong:
		return TitleEntraLogin, "Check that client_secret is the secret's value and not its id, or that the certificate or the federated " +
			"credential is registered with the application." + once
	case entra.PolicyForbids:
		return TitleEntraLogin, "The tenant's Conditional Access, or the partner relation (GDAP), does not let this login in." + once
	case entra.CommandLine:
		return TitleEntraLogin, "Install the Azure CLI and log in to the tenant: az login --allow-no-subscriptions --tenant " + e.Tenant + "." + once
	case entra.LoginRefused:
	}
	return TitleEntraLogin, "Check client_id and the credential." + once
}

func explainGraph(e *entra.ResponseError) (title, advice string) {
	switch {
	case e.ForeignApplication():
		return TitleEntraPermission, "Application.ReadWrite.OwnedBy is not enough to bring an application of another tenant in. " +
			permissionAdvice([]string{"Application.ReadWrite.All"})
	case errors.Is(e, entra.ErrForbidden):
		return TitleEntraPermission, permissionAdvice(e.Needs)
	case errors.Is(e, entra.ErrNoApplication):
		return TitleEntraApplication, "It was waited for, in vain. One of these is the case:\n" +
			"- the application id is not right;\n" +
			"- the application serves its home tenant alone: its sign_in_audience must be AzureADMultipleOrgs;\n" +
			"- the application is in another cloud than the tenant (entra.environment);\n" +
			"- the application was registered a moment ago and Entra has not spread the news yet: run again."
	case e.Status == http.StatusTooManyRequests:
		return TitleEntraTrouble, "It asked for fewer requests, again and again. Lower max_concurrent_requests."
	case e.Status >= http.StatusInternalServerError:
		return TitleEntraTrouble, "Repetitions did not help. Run again later; what was done is recorded."
	case e.Status == http.StatusUnauthorized:
		return TitleEntraRefused, "Graph does not take the token. Check that entra.environment and entra.graph_endpoint belong together."
	case !e.FromGraph:
		return TitleEntraRefused, "This answer does not come from Microsoft Graph itself, so nothing is concluded from it. A proxy may have given it."
	}
	return TitleEntraRefused, "Microsoft's support asks for the request-id."
}

func permissionAdvice(needs []string) string {
	if len(needs) == 0 {
		return "The application that logs in lacks a Microsoft Graph permission."
	}
	return fmt.Sprintf("The call needs the Microsoft Graph permission %s. Consent to it in the tenant for the application that logs in "+
		"(as an application permission; with use_cli, the person needs the role Cloud Application Administrator). "+
		"It can take up to an hour to count.", strings.Join(needs, " or "))
}

// isEntraTrouble tells whether err says something about a tenant or the
// connection as a whole and nothing about what was asked.
func isEntraTrouble(err error) bool {
	var (
		login       *entra.LoginError
		unreachable *entra.UnreachableError
	)
	return errors.As(err, &login) || errors.As(err, &unreachable) ||
		errors.Is(err, entra.ErrNoCredential) || errors.Is(err, entra.ErrNoClientID)
}
