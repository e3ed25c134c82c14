package machine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Options are the knobs of the machine. The zero value is a healthy VB365 8
// server with PowerShell 7. Which product it is, is a knob of the simulator.
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
	// AnyPowerShell lets the module of VB365 8 load into every PowerShell.
	AnyPowerShell bool `json:"anyPowershell"`
	// MultiFactor has the cmdlets refuse the account, which has multi-factor
	// authentication on.
	MultiFactor bool `json:"multiFactor"`
	// NoRights has the cmdlets refuse the account, which does not administer VB365.
	NoRights bool `json:"noRights"`
	// OmittedSwitchIsOff turns off what a Set cmdlet is not told to turn on.
	// Otherwise it stays as it is.
	OmittedSwitchIsOff bool `json:"omittedSwitchIsOff"`
	// PortalWithoutOperators lets the portal be turned on although operator
	// authentication or the REST service is off.
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

	// FilesHeld has another program, such as a virus scanner, hold all files open,
	// so that they cannot be deleted.
	FilesHeld bool `json:"filesHeld"`
	// Warning is written as a warning by every Set cmdlet, if it is not empty.
	Warning string `json:"warning"`
	// Banner is written to the output before anything else, as profiles do.
	Banner string `json:"banner"`
	// Noise is written to the error stream before anything else.
	Noise string `json:"noise"`
	// CLIXML has PowerShell serialize its error stream.
	CLIXML bool `json:"clixml"`
	// Fail has a cmdlet fail with FailMessage, FailTimes times; always if zero.
	Fail        string `json:"fail"`
	FailMessage string `json:"failMessage"`
	FailTimes   int    `json:"failTimes"`
	// Empty names a cmdlet that writes nothing, and is content.
	Empty string `json:"empty"`
	// Delay is how long each cmdlet takes, and Delays how long those take that it
	// names.
	Delay  time.Duration            `json:"-"`
	Delays map[string]time.Duration `json:"-"`
	// KillBefore and KillAfter name cmdlets before or after which the process dies
	// as if it were killed, KillTimes times; always if zero.
	KillBefore string `json:"killBefore"`
	KillAfter  string `json:"killAfter"`
	KillTimes  int    `json:"killTimes"`
	// Before and After are called before and after each cmdlet, for tests that do
	// something in between. A cmdlet whose Before returns an error fails with it.
	Before func(cmdlet string) error `json:"-"`
	After  func(cmdlet string)       `json:"-"`
}

// ErrOptions is wrapped by every error about knobs that do not exist.
var ErrOptions = errors.New("options of the machine")

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

// delay is how long a cmdlet takes.
func (o Options) delay(cmdlet string) time.Duration {
	if d, ok := o.Delays[cmdlet]; ok {
		return d
	}
	return o.Delay
}

// plainOptions is Options without its JSON methods.
type plainOptions Options

// optionsJSON is how Options are written: durations as text, such as "1m30s".
type optionsJSON struct {
	plainOptions

	RestDown string            `json:"restDown"`
	Delay    string            `json:"delay"`
	Delays   map[string]string `json:"delays"`
}

// MarshalJSON implements [json.Marshaler]. What only Go can set is left out.
func (o Options) MarshalJSON() ([]byte, error) {
	return json.Marshal(o.json())
}

func (o Options) json() optionsJSON {
	written := optionsJSON{plainOptions: plainOptions(o), RestDown: o.RestDown.String(), Delay: o.Delay.String(), Delays: map[string]string{}}
	for cmdlet, d := range o.Delays {
		written.Delays[cmdlet] = d.String()
	}
	return written
}

// UnmarshalJSON implements [json.Unmarshaler]. Knobs that the text does not name
// stay as they are; one that does not exist is an error, which wraps [ErrOptions]
// and leaves all knobs as they are.
func (o *Options) UnmarshalJSON(text []byte) error {
	read := o.json()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&read); err != nil {
		return fmt.Errorf("%w: %w", ErrOptions, err)
	}
	changed := Options(read.plainOptions)
	changed.Delays = map[string]time.Duration{}
	var err error
	if changed.RestDown, err = time.ParseDuration(read.RestDown); err != nil {
		return fmt.Errorf("%w: restDown: %w", ErrOptions, err)
	}
	if changed.Delay, err = time.ParseDuration(read.Delay); err != nil {
		return fmt.Errorf("%w: delay: %w", ErrOptions, err)
	}
	for cmdlet, d := range read.Delays {
		if changed.Delays[cmdlet], err = time.ParseDuration(d); err != nil {
			return fmt.Errorf("%w: delays: %w", ErrOptions, err)
		}
	}
	*o = changed
	return nil
}
