// Package powershell stands in for PowerShell on a Windows machine: a [Machine]
// has files, mutexes and cmdlets that are written in Go, and runs scripts.
//
// It understands the part of the language that scripts of administration are
// written in: functions, hashtables, splatting, pipelines, try with catch and
// finally, casts, calls of .NET methods. Where Windows PowerShell 5.1 and
// PowerShell 7 differ, it does as the version of the machine's engine. What it
// does not know is an error, as it would be for a parser or for .NET: nothing is
// skipped. It is no substitute for PowerShell, but a script that runs here does
// in every line what it says.
//
// Text goes through a lexer, which reads words otherwise at the beginning of a
// statement than inside an expression, and a parser, which asks it for what may
// come next. The nodes of the tree evaluate themselves.
package powershell
