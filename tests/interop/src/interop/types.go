package main

// Types that stand only in what benches/run measures: linked in, they can be opened.
import (
	_ "google.golang.org/genproto/googleapis/cloud/kms/v1"
	_ "google.golang.org/genproto/googleapis/cloud/recommendationengine/v1beta1"
	_ "google.golang.org/genproto/googleapis/cloud/runtimeconfig/v1beta1"
	_ "google.golang.org/genproto/googleapis/monitoring/v3"
)
