// Package powershell stands in for PowerShell on a Windows machine: a [Machine]
// has files, mutexes and cmdlets that are written in Go, and runs scripts.
//
// It understands the part of the language that scripts of administration are
// written in: functions, hashtables, splatting, try with catch and finally, casts,
// calls of .NET methods. What it does not know is an error, as it would be for a
// parser or for .NET: nothing is skipped. It is no substitute for PowerShell,
// but a script that runs here does in every line what it says.
package powershell
