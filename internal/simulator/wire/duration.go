package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Duration is a duration that JSON has as text, such as "1m30s".
type Duration time.Duration

// errDuration is returned for a duration that is no text.
var errDuration = errors.New("a duration is a text such as \"1m30s\"")

// MarshalJSON implements [json.Marshaler].
func (d Duration) MarshalJSON() ([]byte, error) {
	return json.Marshal(time.Duration(d).String())
}

// UnmarshalJSON implements [json.Unmarshaler].
func (d *Duration) UnmarshalJSON(text []byte) error {
	var written string
	if err := json.Unmarshal(text, &written); err != nil {
		return errDuration
	}

	parsed, err := time.ParseDuration(written)
	if err != nil {
		return fmt.Errorf("%w: %w", errDuration, err)
	}

	*d = Duration(parsed)

	return nil
}
