// Package vb365 is a client for the REST API of Veeam Backup for Microsoft 365,
// versions 6, 7 and 8, cut to what restore operators' access needs:
// organizations, the directory of users, groups, sites and teams, restore
// operator roles and the restore portal's settings.
//
// A [Client] contacts nothing until it is first asked. It then finds the newest
// API version that the server serves, logs in once for all callers, renews its
// token ahead of expiry, and answers a question that was asked before from
// memory: reads are shared between callers and forgotten when a write makes
// them stale.
//
// What fails comes back as a typed error: [UnreachableError],
// [CertificateError], [LoginError], [EndpointError] or [ResponseError].
package vb365
