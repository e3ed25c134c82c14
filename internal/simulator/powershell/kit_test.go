package powershell

import (
	"io"
	"testing"
)

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

func newPipe(t *testing.T) (io.Reader, io.Writer) {
	t.Helper()
	r, w := io.Pipe()
	t.Cleanup(func() { _ = w.Close() })
	return r, w
}
