package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// watchInterval is short against the life of a provider, whose peak the kernel
// keeps until it ends.
const watchInterval = 5 * time.Millisecond

// watchMemory watches the processes of a program that lies somewhere below dir.
// The function that it returns ends the watch and returns the highest peak of
// resident memory in bytes; 0 where the system has no /proc.
func watchMemory(dir, program string) (stop func() int64) {
	var (
		peak  int64
		watch sync.WaitGroup
	)

	done := make(chan struct{})

	watch.Go(func() {
		for {
			peak = max(peak, peakNow(dir, program))

			select {
			case <-done:
				return
			case <-time.After(watchInterval):
			}
		}
	})

	return func() int64 {
		close(done)
		watch.Wait()

		return peak
	}
}

// peakNow is the highest peak of the processes that there are now. Those that
// end meanwhile are left out.
func peakNow(dir, program string) int64 {
	links, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		return 0
	}

	var peak int64

	for _, link := range links {
		target, err := os.Readlink(link)
		if err != nil || filepath.Base(target) != program || !strings.HasPrefix(target, dir) {
			continue
		}

		status, err := os.ReadFile(filepath.Join(filepath.Dir(link), "status"))
		if err == nil {
			peak = max(peak, peakIn(status))
		}
	}

	return peak
}

// peakIn reads "VmHWM: 12345 kB".
func peakIn(status []byte) int64 {
	for line := range bytes.Lines(status) {
		fields := strings.Fields(string(line))
		if len(fields) == 3 && fields[0] == "VmHWM:" {
			kibibytes, err := strconv.ParseInt(fields[1], 10, 64)
			if err == nil {
				return kibibytes << 10
			}
		}
	}

	return 0
}
