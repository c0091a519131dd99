package main

// Types that stand in the recordings of benches/generate only: linked in, they can be opened.
import (
	_ "google.golang.org/genproto/googleapis/cloud/kms/v1"
	_ "google.golang.org/genproto/googleapis/cloud/recommendationengine/v1beta1"
	_ "google.golang.org/genproto/googleapis/monitoring/v3"
)
