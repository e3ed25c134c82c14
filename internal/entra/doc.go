// Package entra is a client for Microsoft Graph, cut to what consent to an
// application needs, in as many Entra tenants as one application may enter:
// service principals, tenant-wide delegated permission grants, and the
// application's own registration.
//
// A [Client] holds one credential. [Client.Tenant] gives access to one tenant,
// with a token of its own: one login per tenant, shared by all callers, made
// when it is first needed. A refused login is not tried again.
//
// Entra answers reads from replicas that may not have heard of a write yet. The
// calls of this package that depend on an earlier write are repeated while the
// answer is one that a lagging replica gives; what a caller must not believe at
// once is left to [Client.Settle].
//
// The calls are made with msgraph-sdk-go. What it leaves to its callers is done
// here, in the transport: tokens go to the configured Graph host and nowhere
// else, bodies are sent plain and whole at every attempt, and answers are
// judged by what came over the wire, not by the SDK's error values.
//
// What fails comes back as a typed error: [LoginError], [UnreachableError],
// [ResponseError], [UnexpectedReplyError] or [ForeignHostError].
package entra
