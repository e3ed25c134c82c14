// Package simulator is a Veeam Backup for Microsoft 365 server in this process:
// a REST service with a certificate of its own, on real HTTPS, that serves API
// versions 6, 7 and 8 and enforces the server's rules.
//
//	sim, err := simulator.Start(simulator.Options{})
//	if err != nil { … }
//	defer sim.Close()
//
//	sim.Seed(simulator.ThreeCustomers())
//	// sim.URL(), sim.CertificateSHA256(), simulator.DefaultUsername, simulator.DefaultPassword
//
// What the real server does is in part documented nowhere. Every such answer is
// a knob of [Options], and [Server.Configure] turns knobs while the server runs.
//
// A test changes the server behind a client's back with the methods of
// [Server]: [Server.AddRole], [Server.UpdateRole], [Server.DeleteRole],
// [Server.RenameObject], [Server.SetPortal] and so on. They obey no rules, so
// that a role can be given an entry of a kind that the REST API does not know.
// Entries are made from directory objects by [UserEntry], [GroupEntry],
// [SiteEntry] and [TeamEntry].
//
// [Server.Inject] lets requests meet delays, errors and cut connections,
// [Server.ExpireTokens] and [Server.RevokeRefreshTokens] end sessions.
// [Server.Requests] is the log of all requests, and [Server.Violations] lists
// what clients did that a well-behaved client never does.
//
// The REST service is one face of the server's state. Others, such as
// PowerShell, can be put beside it on the same state: see [Server].
package simulator
