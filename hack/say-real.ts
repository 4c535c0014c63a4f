// The closing line of `make test`: what it did not run, and how to.
console.log('Not run here, for they need real parts (kube-apiserver, etcd, Prometheus, Traefik, kamal-proxy): test/real and test/world. Run them with `make test-real` as root on Linux.');
