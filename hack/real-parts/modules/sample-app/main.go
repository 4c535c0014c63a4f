// The application that real hosts serve in suites: small, static, and able to misbehave as its environment says.
//
// PORT: where it listens, 80 when absent.
// HEALTH: "failing" answers 503 at /up for ever.
// EXIT: an exit status with which it ends at once instead of serving.
// KAMAL_VERSION, KAMAL_HOST: what Kamal gives each container; shown by / and /version.
package main

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

// What Docker leaves a container between SIGTERM and SIGKILL, less a little.
const endWithin = 9 * time.Second

// Requests out of a thousand that get a 500, as long as /break says so.
var failing atomic.Int64

func main() {
	if status := os.Getenv("EXIT"); status != "" {
		code, err := strconv.Atoi(status)
		if err != nil {
			log.Fatalf("EXIT=%s is not a number", status)
		}
		log.Printf("ends with %d, as EXIT says", code)
		os.Exit(code)
	}
	port := os.Getenv("PORT")
	if port == "" {
		port = "80"
	}
	server := &http.Server{Addr: ":" + port, Handler: pages(), ReadHeaderTimeout: 10 * time.Second}
	asked, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	go func() {
		if err := server.ListenAndServe(); err != http.ErrServerClosed {
			log.Fatal(err)
		}
	}()
	<-asked.Done()
	left, stop := context.WithTimeout(context.Background(), endWithin)
	defer stop()
	if err := server.Shutdown(left); err != nil {
		log.Printf("ends with requests in flight: %v", err)
	}
}

func pages() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /up", func(w http.ResponseWriter, _ *http.Request) {
		if os.Getenv("HEALTH") == "failing" {
			http.Error(w, "not healthy", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "up")
	})
	mux.HandleFunc("GET /slow", func(w http.ResponseWriter, r *http.Request) {
		milliseconds, err := strconv.Atoi(r.URL.Query().Get("ms"))
		if err != nil || milliseconds < 0 || milliseconds > 120_000 {
			http.Error(w, "ms is a whole number from 0 to 120000", http.StatusBadRequest)
			return
		}
		time.Sleep(time.Duration(milliseconds) * time.Millisecond)
		answer(w)
	})
	// From now on this share of the requests, 0 to 1, fails: a host that is worse than its siblings.
	mux.HandleFunc("POST /break", func(w http.ResponseWriter, r *http.Request) {
		share, err := strconv.ParseFloat(r.URL.Query().Get("share"), 64)
		if err != nil || share < 0 || share > 1 {
			http.Error(w, "share is a number from 0 to 1", http.StatusBadRequest)
			return
		}
		failing.Store(int64(share * 1000))
		fmt.Fprintln(w, "so be it")
	})
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) { answer(w) })
	return mux
}

func answer(w http.ResponseWriter) {
	if rand.Int64N(1000) < failing.Load() {
		http.Error(w, "broken", http.StatusInternalServerError)
		return
	}
	fmt.Fprintf(w, "%s %s\n", os.Getenv("KAMAL_VERSION"), os.Getenv("KAMAL_HOST"))
}
