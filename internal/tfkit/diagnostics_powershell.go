package tfkit

import (
	"errors"
	"regexp"

	"github.com/vb365/terraform-provider-vb365/internal/vbopowershell"
)

// Titles of diagnostics about PowerShell on the VB365 server. They are part of
// the documentation: people search for them.
const (
	TitlePowerShellSetting     = "The provider is not told how to reach PowerShell on the VB365 server"
	TitlePowerShellUnreachable = "PowerShell on the VB365 server cannot be reached"
	TitlePowerShellUntrusted   = "The VB365 server is not the one that the configuration asks for"
	TitlePowerShellLogin       = "The VB365 server refused the login to its shell"
	TitlePowerShellForbidden   = "The account may not run commands on the VB365 server"
	TitlePowerShellProtocol    = "What answers is not the shell of a VB365 server"
	TitlePowerShellLost        = "The connection to PowerShell was lost"
	TitlePowerShellExecutable  = "The VB365 server has no such PowerShell"
	TitlePowerShellVersion     = "PowerShell on the VB365 server is too old"
	TitlePowerShellModule      = "The module of VB365 is not there"
	TitlePowerShellBusy        = "Somebody else is changing the settings"
	TitlePowerShellChanged     = "The settings were changed at the same time"
	TitlePowerShellAccount     = "The account may not administer VB365"
	TitlePowerShellCmdlet      = "A cmdlet on the VB365 server failed"
	TitlePowerShellUnexpected  = "PowerShell on the VB365 server did not answer as expected"
)

// explainPowerShell explains errors of the PowerShell client; ok is false for all others.
func explainPowerShell(err error) (title, advice string, ok bool) {
	var (
		transport *vbopowershell.TransportError
		shell     *vbopowershell.ShellError
		cmdlet    *vbopowershell.CmdletError
	)
	switch {
	case errors.As(err, &cmdlet):
		title, advice = explainCmdlet(cmdlet)
	case errors.As(err, &shell) && shell.Reason == vbopowershell.ShellNoExecutable:
		return TitlePowerShellExecutable, "Install PowerShell 7.4.2 or newer on the server, or say with powershell.executable where it " +
			"is, such as C:\\Program Files\\PowerShell\\7\\pwsh.exe. VB365 before product 8 works with powershell.exe.", true
	case errors.As(err, &shell):
		return TitlePowerShellUnexpected, "Run powershell.executable by hand on the server with this account: it must start, and read from " +
			"standard input.", true
	case errors.As(err, &transport):
		title, advice = explainTransport(transport)
	default:
		return "", "", false
	}
	return title, advice, true
}

func explainTransport(e *vbopowershell.TransportError) (title, advice string) {
	switch e.Reason {
	case vbopowershell.ReasonUnreachable:
		return TitlePowerShellUnreachable, "Check host and port (SSH 22, WinRM over HTTPS 5986), that the service runs (sshd or WinRM) and " +
			"that no firewall is between. Where neither is allowed, leave powershell out of the provider: the settings are verified then, " +
			"and what is to be done is written down for an administrator."
	case vbopowershell.ReasonUntrusted:
		return TitlePowerShellUntrusted, "Somebody may be in between: nothing was sent. Compare on the server itself, SSH: " +
			"ssh-keygen -lf C:\\ProgramData\\ssh\\ssh_host_ed25519_key.pub, WinRM: winrm enumerate winrm/config/listener. If it is the " +
			"server's own, put it into host_key, certificate_sha256 or ca_certificate_pem."
	case vbopowershell.ReasonRefused:
		return TitlePowerShellLogin, "Check username (DOMAIN\\user, or a local name) and password or key, and that the server offers this way " +
			"to log in. Over SSH, the key of a local administrator belongs into C:\\ProgramData\\ssh\\administrators_authorized_keys."
	case vbopowershell.ReasonForbidden:
		return TitlePowerShellForbidden, "The account must be a local administrator of the VB365 server."
	case vbopowershell.ReasonProtocol:
		return TitlePowerShellProtocol, "Check host and port: SSH listens on 22, WinRM over HTTPS on 5986. A proxy on the way may answer too."
	case vbopowershell.ReasonLost:
	}
	return TitlePowerShellLost, "Run the same command again: the settings are read first, and what is missing is planned again."
}

var (
	multiFactor = regexp.MustCompile(`(?i)multi-?factor|\bMFA\b`)
	noRights    = regexp.MustCompile(`(?i)access (is |was )?denied|not authorized|unauthorized|insufficient (rights|privileges|permissions)|` +
		`not have (enough |sufficient |the required )?(rights|permissions?|privileges)`)
)

func explainCmdlet(e *vbopowershell.CmdletError) (title, advice string) {
	switch e.Kind {
	case vbopowershell.ModuleMissing:
		return TitlePowerShellModule, "Connect to the VB365 server itself, or say with powershell.module_path where " +
			"Veeam.Archiver.PowerShell.psd1 is."
	case vbopowershell.Busy:
		return TitlePowerShellBusy, "Nothing was changed. Run again when the other run has ended."
	case vbopowershell.Changed:
		return TitlePowerShellChanged, "Somebody changed the settings between this run's look at them and its change, so nothing was " +
			"changed. Plan again, and see what it finds."
	case vbopowershell.CmdletFailed:
	}
	switch {
	case e.Cmdlet == "Import-Module" && e.OldPowerShell():
		return TitlePowerShellVersion, "This is PowerShell " + e.PowerShell + "; the module of VB365 8 needs PowerShell 7.4.2 or newer. Set " +
			"powershell.executable to pwsh.exe, or to its full path on the server."
	case multiFactor.MatchString(e.Message):
		return TitlePowerShellAccount, "Cmdlets cannot answer multi-factor authentication: use an account for which it is off in VB365."
	case noRights.MatchString(e.Message):
		return TitlePowerShellAccount, "The account must be a local administrator of the server, or have the role Veeam Backup Administrator."
	}
	return TitlePowerShellCmdlet, "The text is the cmdlet's own; on the server, see %ProgramData%\\Veeam\\Backup365\\Logs. Cmdlets that " +
		"ran before it stay done. Plan again: what is missing is planned."
}

// isPowerShellTrouble tells whether err says something about the way to the
// server's PowerShell and nothing about what was asked.
func isPowerShellTrouble(err error) bool {
	var (
		transport *vbopowershell.TransportError
		shell     *vbopowershell.ShellError
	)
	return errors.As(err, &transport) || errors.As(err, &shell)
}
