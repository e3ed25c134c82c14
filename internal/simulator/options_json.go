package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// plainOptions is Options without its JSON methods.
type plainOptions Options

// optionsJSON is how Options are written: durations as text, such as "1m30s".
type optionsJSON struct {
	plainOptions

	TokenLifetime duration `json:"tokenLifetime"`
	Latency       duration `json:"latency"`
	SyncDuration  duration `json:"syncDuration"`
}

// MarshalJSON implements [json.Marshaler]. The password is left out, and so is
// what only [Start] reads.
func (o Options) MarshalJSON() ([]byte, error) {
	return encode(optionsJSON{
		plainOptions:  plainOptions(o),
		TokenLifetime: duration(o.TokenLifetime),
		Latency:       duration(o.Latency),
		SyncDuration:  duration(o.SyncDuration),
	})
}

// UnmarshalJSON implements [json.Unmarshaler]. Knobs that the text does not
// name stay as they are; one that does not exist is an error, which wraps
// [ErrOptions] and leaves all knobs as they are. The text may hold a password.
func (o *Options) UnmarshalJSON(text []byte) error {
	decoded := struct {
		optionsJSON

		Password *string `json:"password"`
	}{optionsJSON: optionsJSON{
		plainOptions:  plainOptions(*o),
		TokenLifetime: duration(o.TokenLifetime),
		Latency:       duration(o.Latency),
		SyncDuration:  duration(o.SyncDuration),
	}}

	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()

	if err := decoder.Decode(&decoded); err != nil {
		return fmt.Errorf("%w: %w", ErrOptions, err)
	}

	*o = Options(decoded.plainOptions)
	o.TokenLifetime = time.Duration(decoded.TokenLifetime)
	o.Latency = time.Duration(decoded.Latency)
	o.SyncDuration = time.Duration(decoded.SyncDuration)

	if decoded.Password != nil {
		o.Password = *decoded.Password
	}

	return nil
}

// duration is a duration that JSON has as text.
type duration time.Duration

// errDuration is returned for a duration that is no text.
var errDuration = errors.New("a duration is a text such as \"1m30s\"")

// MarshalJSON implements [json.Marshaler].
func (d duration) MarshalJSON() ([]byte, error) {
	return encode(time.Duration(d).String())
}

// UnmarshalJSON implements [json.Unmarshaler].
func (d *duration) UnmarshalJSON(text []byte) error {
	var written string
	if err := json.Unmarshal(text, &written); err != nil {
		return errDuration
	}

	parsed, err := time.ParseDuration(written)
	if err != nil {
		return fmt.Errorf("%w: %w", errDuration, err)
	}

	*d = duration(parsed)

	return nil
}
