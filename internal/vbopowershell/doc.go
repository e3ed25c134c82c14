// Package vbopowershell reads and changes the settings of a Veeam Backup for
// Microsoft 365 server that its REST service only shows, or does not show: with
// the cmdlets of the module Veeam.Archiver.PowerShell, in PowerShell on that
// server, which is reached over SSH or WinRM.
package vbopowershell
