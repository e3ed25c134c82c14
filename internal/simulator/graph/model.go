package graph

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// MicrosoftGraphAppID is the application id of Microsoft Graph, whose service
// principal is in every tenant.
const MicrosoftGraphAppID = "00000003-0000-0000-c000-000000000000"

// UserReadID is the id of Microsoft Graph's delegated permission User.Read.
const UserReadID = "e1fe6dd8-ba31-4d61-89e7-88639da4683d"

// The kinds of consent.
const (
	// AllPrincipals is consent for all users of a tenant.
	AllPrincipals = "AllPrincipals"
	// Principal is consent of a single user.
	Principal = "Principal"
)

// The audiences of applications.
const (
	MultipleOrganizations = "AzureADMultipleOrgs"
	SingleOrganization    = "AzureADMyOrg"
)

// DisabledByMicrosoft is the status of a service principal that Microsoft
// disabled.
const DisabledByMicrosoft = "DisabledDueToViolationOfServicesAgreement"

// ServicePrincipal is an application as it stands in one tenant.
type ServicePrincipal struct {
	ID                        string            `json:"id"`
	DeletedDateTime           *time.Time        `json:"deletedDateTime"`
	AccountEnabled            bool              `json:"accountEnabled"`
	AppID                     string            `json:"appId"`
	AppDisplayName            string            `json:"appDisplayName"`
	DisplayName               string            `json:"displayName"`
	Description               *string           `json:"description"`
	Notes                     *string           `json:"notes"`
	AppOwnerOrganizationID    *string           `json:"appOwnerOrganizationId"`
	AppRoleAssignmentRequired bool              `json:"appRoleAssignmentRequired"`
	DisabledByMicrosoftStatus *string           `json:"disabledByMicrosoftStatus"`
	IsDisabled                *bool             `json:"isDisabled"`
	ServicePrincipalType      string            `json:"servicePrincipalType"`
	SignInAudience            string            `json:"signInAudience"`
	ServicePrincipalNames     []string          `json:"servicePrincipalNames"`
	ReplyURLs                 []string          `json:"replyUrls"`
	Tags                      []string          `json:"tags"`
	Homepage                  *string           `json:"homepage"`
	LoginURL                  *string           `json:"loginUrl"`
	LogoutURL                 *string           `json:"logoutUrl"`
	AddIns                    []any             `json:"addIns"`
	AppRoles                  []any             `json:"appRoles"`
	KeyCredentials            []KeyCredential   `json:"keyCredentials"`
	PasswordCredentials       []any             `json:"passwordCredentials"`
	OAuth2PermissionScopes    []PermissionScope `json:"oauth2PermissionScopes"`
	Info                      Info              `json:"info"`
}

// Info holds the addresses that an application shows to people.
type Info struct {
	TermsOfServiceURL   *string `json:"termsOfServiceUrl"`
	SupportURL          *string `json:"supportUrl"`
	PrivacyStatementURL *string `json:"privacyStatementUrl"`
	MarketingURL        *string `json:"marketingUrl"`
	LogoURL             *string `json:"logoUrl"`
}

// PermissionScope is a delegated permission that an application offers.
type PermissionScope struct {
	ID                      string  `json:"id"`
	Value                   string  `json:"value"`
	Type                    string  `json:"type"`
	IsEnabled               bool    `json:"isEnabled"`
	AdminConsentDisplayName *string `json:"adminConsentDisplayName"`
	AdminConsentDescription *string `json:"adminConsentDescription"`
	UserConsentDisplayName  *string `json:"userConsentDisplayName"`
	UserConsentDescription  *string `json:"userConsentDescription"`
}

// Grant is consent to scopes of the application ResourceID for the application
// ClientID; both are object ids of service principals.
type Grant struct {
	ID          string  `json:"id"`
	ClientID    string  `json:"clientId"`
	ConsentType string  `json:"consentType"`
	PrincipalID *string `json:"principalId"`
	ResourceID  string  `json:"resourceId"`
	Scope       string  `json:"scope"`
}

// Application is an application's registration in its home tenant.
type Application struct {
	ID                     string                   `json:"id"`
	DeletedDateTime        *time.Time               `json:"deletedDateTime"`
	AppID                  string                   `json:"appId"`
	DisplayName            string                   `json:"displayName"`
	Description            *string                  `json:"description"`
	Notes                  *string                  `json:"notes"`
	CreatedDateTime        *time.Time               `json:"createdDateTime"`
	PublisherDomain        *string                  `json:"publisherDomain"`
	SignInAudience         string                   `json:"signInAudience"`
	IdentifierURIs         []string                 `json:"identifierUris"`
	IsFallbackPublicClient *bool                    `json:"isFallbackPublicClient"`
	GroupMembershipClaims  *string                  `json:"groupMembershipClaims"`
	Tags                   []string                 `json:"tags"`
	AddIns                 []any                    `json:"addIns"`
	AppRoles               []any                    `json:"appRoles"`
	API                    APIApplication           `json:"api"`
	Web                    WebApplication           `json:"web"`
	SPA                    RedirectURIs             `json:"spa"`
	PublicClient           RedirectURIs             `json:"publicClient"`
	RequiredResourceAccess []RequiredResourceAccess `json:"requiredResourceAccess"`
	KeyCredentials         []KeyCredential          `json:"keyCredentials"`
	PasswordCredentials    []any                    `json:"passwordCredentials"`
	Info                   Info                     `json:"info"`
}

// APIApplication is what an application offers to others.
type APIApplication struct {
	AcceptMappedClaims          *bool             `json:"acceptMappedClaims"`
	KnownClientApplications     []string          `json:"knownClientApplications"`
	PreAuthorizedApplications   []any             `json:"preAuthorizedApplications"`
	RequestedAccessTokenVersion *int              `json:"requestedAccessTokenVersion"`
	OAuth2PermissionScopes      []PermissionScope `json:"oauth2PermissionScopes"`
}

// WebApplication is the part of an application that runs on a web server.
type WebApplication struct {
	HomePageURL           *string               `json:"homePageUrl"`
	LogoutURL             *string               `json:"logoutUrl"`
	RedirectURIs          []string              `json:"redirectUris"`
	ImplicitGrantSettings ImplicitGrantSettings `json:"implicitGrantSettings"`
}

// ImplicitGrantSettings say which tokens are issued without a code.
type ImplicitGrantSettings struct {
	EnableAccessTokenIssuance bool `json:"enableAccessTokenIssuance"`
	EnableIDTokenIssuance     bool `json:"enableIdTokenIssuance"`
}

// RedirectURIs are where users return to.
type RedirectURIs struct {
	RedirectURIs []string `json:"redirectUris"`
}

// RequiredResourceAccess is what an application asks consent for.
type RequiredResourceAccess struct {
	ResourceAppID  string           `json:"resourceAppId"`
	ResourceAccess []ResourceAccess `json:"resourceAccess"`
}

// ResourceAccess is one permission that an application asks consent for.
type ResourceAccess struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

// KeyCredential is a certificate of an application.
type KeyCredential struct {
	CustomKeyIdentifier Binary     `json:"customKeyIdentifier"`
	DisplayName         *string    `json:"displayName"`
	EndDateTime         *time.Time `json:"endDateTime"`
	Key                 Binary     `json:"key"`
	KeyID               string     `json:"keyId"`
	StartDateTime       *time.Time `json:"startDateTime"`
	Type                string     `json:"type"`
	Usage               string     `json:"usage"`
}

// Binary is bytes that JSON has in base64. A SHA-1 thumbprint of 40 hexadecimal
// digits is understood too.
type Binary []byte

// MarshalJSON implements [json.Marshaler].
func (b Binary) MarshalJSON() ([]byte, error) {
	return json.Marshal([]byte(b))
}

// UnmarshalJSON implements [json.Unmarshaler].
func (b *Binary) UnmarshalJSON(text []byte) error {
	var written *string
	if err := json.Unmarshal(text, &written); err != nil {
		return fmt.Errorf("a binary: %w", err)
	}

	if written == nil {
		*b = nil

		return nil
	}

	if digits, err := hex.DecodeString(*written); err == nil && len(digits) == thumbprintLength {
		*b = digits

		return nil
	}

	decoded, err := base64.StdEncoding.DecodeString(*written)
	if err != nil {
		return fmt.Errorf("a binary: %w", err)
	}

	*b = decoded

	return nil
}

const thumbprintLength = 20

// User is a person of a tenant.
type User struct {
	ID                string `json:"id"`
	DisplayName       string `json:"displayName"`
	UserPrincipalName string `json:"userPrincipalName"`
}

// Tenant is a customer's or provider's directory.
type Tenant struct {
	// ID is a GUID.
	ID string `json:"id"`
	// Domains are the verified domains.
	Domains     []string `json:"domains"`
	DisplayName string   `json:"displayName"`
}

// clone copies what JSON has of a value.
func clone[T any](value T) T {
	text, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("graph: %T cannot be encoded: %v", value, err))
	}

	var copied T
	if err := json.Unmarshal(text, &copied); err != nil {
		panic(fmt.Sprintf("graph: %T cannot be decoded: %v", value, err))
	}

	return copied
}
