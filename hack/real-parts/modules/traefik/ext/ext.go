// Package ext stands in for the extension point that Traefik's published module leaves out.
// Traefik embeds these types in its dynamic configuration; an open-source build adds no field to them.
package ext

// HTTP adds nothing to the HTTP section of the dynamic configuration.
type HTTP struct{}

// Router adds nothing to a router.
type Router struct{}
