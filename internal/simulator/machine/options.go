package machine

import "time"

// Options are the knobs of the machine. The zero value is a healthy VB365 8
// server with PowerShell 7.
//
// What the real server does is in part documented nowhere; each such answer is a
// knob.
type Options struct {
	// PowerShell is the version of pwsh.exe; 7.4.6 when empty. "none" is no
	// PowerShell 7. There is always Windows PowerShell 5.1.
	PowerShell string `json:"powershell"`
	// ModulePath is where the module is; the place of setup when empty, "none" is
	// nowhere.
	ModulePath string `json:"modulePath"`
	// MultiFactor has the cmdlets refuse the account, which has multi-factor
	// authentication on.
	MultiFactor bool `json:"multiFactor"`
	// NoRights has the cmdlets refuse the account, which does not administer VB365.
	NoRights bool `json:"noRights"`
	// OmittedSwitchIsOff turns off what a Set cmdlet is not told to turn on.
	// Otherwise it stays as it is.
	OmittedSwitchIsOff bool `json:"omittedSwitchIsOff"`
	// PortalWithoutOperators lets the portal be turned on although operator
	// authentication is off.
	PortalWithoutOperators bool `json:"portalWithoutOperators"`
	// RefuseEmptyPassword refuses PFX files without a password.
	RefuseEmptyPassword bool `json:"refuseEmptyPassword"`
	// NullDates writes null as the expiry where there is no certificate, and not
	// the earliest date there is.
	NullDates bool `json:"nullDates"`
	// IgnoreChanges has the Set cmdlets succeed and change nothing.
	IgnoreChanges bool `json:"ignoreChanges"`
	// SeparateREST gives the machine settings of the portal of its own, as if the
	// REST service were on another machine.
	SeparateREST bool `json:"separateRest"`

	// RestDown is how long the REST service refuses connections after its port or
	// certificate was set, and with RestartAlways after every Set cmdlet.
	RestDown time.Duration `json:"-"`
	// RestartAlways restarts the REST service after every Set cmdlet.
	RestartAlways bool `json:"restartAlways"`
	// KeepTokens lets access tokens survive a restart.
	KeepTokens bool `json:"keepTokens"`

	// Warning is written as a warning by every Set cmdlet, if it is not empty.
	Warning string `json:"warning"`
	// Banner is written to the output before anything else, as profiles do.
	Banner string `json:"banner"`
	// Noise is written to the error stream before anything else, such as CLIXML.
	Noise string `json:"noise"`
	// Fail has a cmdlet fail with FailMessage, FailTimes times; always if zero.
	Fail        string `json:"fail"`
	FailMessage string `json:"failMessage"`
	FailTimes   int    `json:"failTimes"`
	// Delay is how long each cmdlet takes.
	Delay time.Duration `json:"-"`
	// Before and After are called before and after each cmdlet, for tests that do
	// something in between. A cmdlet whose Before returns an error fails with it.
	Before func(cmdlet string) error `json:"-"`
	After  func(cmdlet string)       `json:"-"`
}

const (
	none              = "none"
	defaultPowerShell = "7.4.6"
	windowsPowerShell = "5.1.17763.5458"
	// ModulePath is where setup puts the module.
	ModulePath = `C:\Program Files\Veeam\Backup365\Veeam.Archiver.PowerShell\Veeam.Archiver.PowerShell.psd1`
)

func (o Options) engines() map[string]string {
	engines := map[string]string{"powershell.exe": windowsPowerShell}
	switch o.PowerShell {
	case "":
		engines["pwsh.exe"] = defaultPowerShell
	case none:
	default:
		engines["pwsh.exe"] = o.PowerShell
	}
	return engines
}

func (o Options) modulePath() string {
	if o.ModulePath == "" {
		return ModulePath
	}
	return o.ModulePath
}
