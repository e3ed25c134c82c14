package vbopowershell

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Codes of faults.
const (
	// codeTimedOut is the fault of a Receive when a command has written nothing.
	codeTimedOut = "2150858793"
	// codeAccessDenied is Windows' error 5.
	codeAccessDenied = "5"
)

// answerError is an answer other than success.
type answerError struct {
	// code and text are those of a fault of WS-Management, if fault is true.
	code, text string
	fault      bool
	// final tells that the server has not done what it was asked.
	final bool
}

func (e *answerError) Error() string {
	switch {
	case !e.fault:
		return e.text
	case e.code == "":
		return "it answered: " + e.text
	}
	return fmt.Sprintf("it answered: %s (%s)", e.text, e.code)
}

func parseFault(body []byte) (*answerError, bool) {
	var envelope struct {
		Fault *struct {
			Reason string `xml:"Reason>Text"`
			Detail struct {
				Fault struct {
					Code    string `xml:"Code,attr"`
					Message string `xml:"Message"`
				} `xml:"WSManFault"`
			} `xml:"Detail"`
		} `xml:"Body>Fault"`
	}
	err := xml.Unmarshal(body, &envelope)
	f := envelope.Fault
	if err != nil || f == nil {
		return nil, false //nolint:nilerr // an error of somebody else
	}
	text := strings.TrimSpace(f.Detail.Fault.Message)
	if text == "" {
		text = strings.TrimSpace(f.Reason)
	}
	code := f.Detail.Fault.Code
	return &answerError{
		code: code, text: shorten(strings.Join(strings.Fields(text), " ")), fault: true, final: code != codeTimedOut,
	}, true
}

// commandState is where a command stands.
type commandState struct {
	done     bool
	exitCode int
}

// parseReceived reads an answer to a Receive, and appends what the command wrote.
func parseReceived(answer string, stdout, stderr *bytes.Buffer) (commandState, error) {
	var envelope struct {
		Received *struct {
			Streams []struct {
				Name string `xml:"Name,attr"`
				Data string `xml:",chardata"`
			} `xml:"Stream"`
			Command struct {
				State    string `xml:"State,attr"`
				ExitCode string `xml:"ExitCode"`
			} `xml:"CommandState"`
		} `xml:"Body>ReceiveResponse"`
	}
	if err := xml.Unmarshal([]byte(answer), &envelope); err != nil {
		return commandState{}, fmt.Errorf("the output cannot be read: %w", err)
	}
	if envelope.Received == nil {
		return commandState{}, errors.New("the output cannot be read: the answer holds none")
	}
	for _, stream := range envelope.Received.Streams {
		data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(stream.Data))
		if err != nil {
			return commandState{}, fmt.Errorf("the output cannot be read: %w", err)
		}
		switch stream.Name {
		case "stdout":
			stdout.Write(data)
		case "stderr":
			stderr.Write(data)
		}
	}
	command := envelope.Received.Command
	if !strings.HasSuffix(command.State, "/CommandState/Done") {
		return commandState{}, nil
	}
	exitCode, err := strconv.Atoi(strings.TrimSpace(command.ExitCode))
	if err != nil {
		return commandState{}, fmt.Errorf("the command ended without an exit code: %w", err)
	}
	return commandState{done: true, exitCode: exitCode}, nil
}
