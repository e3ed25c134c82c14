// Package graph is a Microsoft Entra in this process: the login service and
// Microsoft Graph of many tenants, on real HTTPS, with Graph's own rules, error
// bodies, soft deletion and replication lag.
//
//	sim, err := graph.Start(graph.Options{})
//	if err != nil { … }
//	defer sim.Close()
//
//	sim.Seed(graph.ThreeCustomers())
//	// sim.Environment() is what the provider has to read.
//
// What Entra does is in part documented nowhere, and it answers reads with
// what was before a write for a while. Each such thing is a knob of [Options],
// and [Server.Configure] turns knobs while the server runs.
//
// A test changes tenants behind a client's back with the methods of [Server]:
// [Server.AddServicePrincipal], [Server.UpdateGrant], [Server.AdminConsent] and
// so on. They obey no rules, and what they change is seen at once.
//
// [Server.Inject] lets requests meet delays, errors and cut connections.
// [Server.Requests] is the log of all requests, [Server.Logins] counts logins,
// and [Server.Violations] lists what clients did that a well-behaved client
// never does.
package graph
