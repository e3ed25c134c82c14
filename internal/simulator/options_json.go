package simulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/vb365/terraform-provider-vb365/internal/simulator/wire"
)

// plainOptions is Options without its JSON methods.
type plainOptions Options

// optionsJSON is how Options are written: durations as text, such as "1m30s".
type optionsJSON struct {
	plainOptions

	TokenLifetime wire.Duration `json:"tokenLifetime"`
	Latency       wire.Duration `json:"latency"`
	SyncDuration  wire.Duration `json:"syncDuration"`
}

// MarshalJSON implements [json.Marshaler]. The password is left out, and so is
// what only [Start] reads.
func (o Options) MarshalJSON() ([]byte, error) {
	return encode(optionsJSON{
		plainOptions:  plainOptions(o),
		TokenLifetime: wire.Duration(o.TokenLifetime),
		Latency:       wire.Duration(o.Latency),
		SyncDuration:  wire.Duration(o.SyncDuration),
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
		TokenLifetime: wire.Duration(o.TokenLifetime),
		Latency:       wire.Duration(o.Latency),
		SyncDuration:  wire.Duration(o.SyncDuration),
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
