package graph

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
	RetryAfter    wire.Duration `json:"retryAfter"`
}

func (o Options) encodable() optionsJSON {
	return optionsJSON{
		plainOptions:  plainOptions(o),
		TokenLifetime: wire.Duration(o.TokenLifetime),
		Latency:       wire.Duration(o.Latency),
		RetryAfter:    wire.Duration(o.RetryAfter),
	}
}

// MarshalJSON implements [json.Marshaler]. What only [Start] reads is left out.
func (o Options) MarshalJSON() ([]byte, error) {
	return json.Marshal(o.encodable())
}

// UnmarshalJSON implements [json.Unmarshaler]. Knobs that the text does not
// name stay as they are; one that does not exist is an error, which wraps
// [ErrOptions] and leaves all knobs as they are.
func (o *Options) UnmarshalJSON(text []byte) error {
	decoded := o.encodable()

	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()

	if err := decoder.Decode(&decoded); err != nil {
		return fmt.Errorf("%w: %w", ErrOptions, err)
	}

	*o = Options(decoded.plainOptions)
	o.TokenLifetime = time.Duration(decoded.TokenLifetime)
	o.Latency = time.Duration(decoded.Latency)
	o.RetryAfter = time.Duration(decoded.RetryAfter)

	return nil
}

// lagJSON is how a [Lag] is written.
type lagJSON struct {
	Reads    int           `json:"reads,omitempty"`
	Duration wire.Duration `json:"duration"`
}

// MarshalJSON implements [json.Marshaler].
func (l Lag) MarshalJSON() ([]byte, error) {
	return json.Marshal(lagJSON{l.Reads, wire.Duration(l.Duration)})
}

// UnmarshalJSON implements [json.Unmarshaler].
func (l *Lag) UnmarshalJSON(text []byte) error {
	var decoded lagJSON

	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()

	if err := decoder.Decode(&decoded); err != nil {
		return fmt.Errorf("a lag: %w", err)
	}

	*l = Lag{Reads: decoded.Reads, Duration: time.Duration(decoded.Duration)}

	return nil
}
