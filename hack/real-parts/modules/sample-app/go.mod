module kamal-autoscaler.dev/sample-app

go 1.26
