package main

import (
	"errors"
	"maps"
	"testing"
)

func TestLogsThatNobodyReadsAreNotWritten(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		environment map[string]string
		want        map[string]string
	}{
		"nobody asked for logs": {
			nil, map[string]string{"TF_LOG_SDK": "off", "TF_LOG_PROVIDER_VB365": "off"},
		},
		"the logs of Terraform itself are wanted": {
			map[string]string{"TF_LOG_CORE": "TRACE"}, map[string]string{"TF_LOG_SDK": "off", "TF_LOG_PROVIDER_VB365": "off"},
		},
		"all logs are wanted":              {map[string]string{"TF_LOG": "JSON"}, map[string]string{}},
		"the logs of providers are wanted": {map[string]string{"TF_LOG_PROVIDER": "DEBUG"}, map[string]string{}},
	}

	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got := map[string]string{}
			err := silenceUnreadLogs(
				func(name string) string { return test.environment[name] },
				func(name, value string) error { got[name] = value; return nil },
			)
			if err != nil || !maps.Equal(got, test.want) {
				t.Errorf("got %v, %v; want %v", got, err, test.want)
			}
		})
	}
}

func TestLogsThatCannotBeSilencedAreAnError(t *testing.T) {
	t.Parallel()

	broken := errors.New("broken")
	err := silenceUnreadLogs(func(string) string { return "" }, func(string, string) error { return broken })
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}
