package wire

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"strconv"
	"time"
)

// recordedAnswer holds an answer back.
type recordedAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newRecordedAnswer() *recordedAnswer {
	return &recordedAnswer{header: make(http.Header), status: http.StatusOK}
}

// Header implements [http.ResponseWriter].
func (a *recordedAnswer) Header() http.Header {
	return a.header
}

// WriteHeader implements [http.ResponseWriter].
func (a *recordedAnswer) WriteHeader(status int) {
	a.status = status
}

// Write implements [http.ResponseWriter].
func (a *recordedAnswer) Write(text []byte) (int, error) {
	return a.body.Write(text)
}

// send passes the answer on.
func (a *recordedAnswer) send(w http.ResponseWriter) {
	a.sendHeader(w)

	// A client that has gone away is not the server's trouble.
	_, _ = w.Write(a.body.Bytes())
}

// sendHalf passes on the header, which announces the whole body, and the first
// half of the body.
func (a *recordedAnswer) sendHalf(w http.ResponseWriter) {
	a.sendHeader(w)

	// A client that has gone away is not the server's trouble.
	_, _ = w.Write(a.body.Bytes()[:a.body.Len()/2])
	_ = http.NewResponseController(w).Flush()
}

func (a *recordedAnswer) sendHeader(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)

	if a.status != http.StatusNoContent && a.status != http.StatusNotModified {
		w.Header().Set("Content-Length", strconv.Itoa(a.body.Len()))
	}

	w.WriteHeader(a.status)
}

// StatusWriter notes the status of an answer.
type StatusWriter struct {
	http.ResponseWriter

	// Status is the status of the answer; 0 while there is none.
	Status int
}

// WriteHeader implements [http.ResponseWriter].
func (w *StatusWriter) WriteHeader(status int) {
	w.Status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets [http.ResponseController] find the connection.
func (w *StatusWriter) Unwrap() http.ResponseWriter {
	return w.ResponseWriter
}

// Pause sleeps for the duration, and tells whether the context lived on.
func Pause(ctx context.Context, duration time.Duration) bool {
	if duration <= 0 {
		return true
	}

	timer := time.NewTimer(duration)
	defer timer.Stop()

	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
