//! Numbers: Monitoring's time series with distributions, a catalogue's items with embeddings.

use std::io::Write;

use rpcreplay::Result;

use crate::message::Message;
use crate::random::Random;
use crate::recording::{Answer, Recording, timestamp};

pub fn step(recording: &mut Recording<impl Write>, random: &mut Random) -> Result<()> {
    match random.below(2) {
        0 => {
            let request = Message::new()
                .text(10, "projects/demo-project")
                .text(2, "metric.type = \"example.com/latency\"")
                .message(4, interval(random));
            let series = random.between(1, 6);
            let response = Message::new().messages(1, (0..series).map(|_| time_series(random)));
            recording.call(
                random,
                "/google.monitoring.v3.MetricService/ListTimeSeries",
                ("google.monitoring.v3.ListTimeSeriesRequest", request),
                Answer::Message(("google.monitoring.v3.ListTimeSeriesResponse", response)),
            )
        }
        _ => {
            let item = catalog_item(random);
            let parent = "projects/demo-project/locations/global/catalogs/default_catalog";
            let request = Message::new().text(1, parent).bytes(2, &item.0);
            recording.call(
                random,
                "/google.cloud.recommendationengine.v1beta1.CatalogService/CreateCatalogItem",
                ("google.cloud.recommendationengine.v1beta1.CreateCatalogItemRequest", request),
                Answer::Message(("google.cloud.recommendationengine.v1beta1.CatalogItem", item)),
            )
        }
    }
}

fn interval(random: &mut Random) -> Message {
    Message::new().message(1, timestamp(random)).message(2, timestamp(random))
}

fn time_series(random: &mut Random) -> Message {
    const INT64: u64 = 2;
    const DOUBLE: u64 = 3;
    const DISTRIBUTION: u64 = 5;
    let value_type = random.pick(&[INT64, DOUBLE, DISTRIBUTION, DISTRIBUTION]);
    let metric = Message::new()
        .text_pair(2, "response_code", "200")
        .text_pair(2, "region", random.word())
        .text(3, "example.com/server/latency");
    let resource = Message::new().text(1, "gce_instance").text_pair(2, "instance_id", &random.id(19));
    let mut series =
        Message::new().message(1, metric).message(2, resource).number(3, random.between(1, 3)).number(4, value_type);
    for _ in 0..random.between(1, 30) {
        let value = match value_type {
            INT64 => Message::new().number(2, random.magnitude(1, 1 << 40)),
            DOUBLE => Message::new().double(3, random.double()),
            _ => Message::new().message(5, distribution(random)),
        };
        series = series.message(5, Message::new().message(1, interval(random)).message(2, value));
    }
    series
}

fn distribution(random: &mut Random) -> Message {
    let buckets = random.between(5, 60);
    let options = match random.percent(50) {
        true => {
            let mut bound = 0.0;
            let bounds = (1..buckets).map(|_| {
                bound += random.unit() * 10.0;
                bound
            });
            Message::new().message(3, Message::new().packed_doubles(1, bounds))
        }
        false => Message::new().message(2, Message::new().number(1, buckets).double(2, 1.4).double(3, 0.01)),
    };
    let counts: Vec<u64> = (0..=buckets).map(|_| random.magnitude(1, 100_000) - 1).collect();
    Message::new()
        .number(1, counts.iter().sum())
        .double_unless_zero(2, random.double())
        .double_unless_zero(3, random.double().abs())
        .message(6, options)
        .packed_numbers(7, counts)
}

fn catalog_item(random: &mut Random) -> Message {
    let embedding = (0..random.pick(&[64, 256, 768])).map(|_| (random.unit() * 2.0 - 1.0) as f32).collect::<Vec<f32>>();
    let prices = (0..random.between(1, 12)).map(|_| (random.below(100_000) as f32) / 100.0).collect::<Vec<f32>>();
    let features = Message::new()
        .message_pair(1, "brand", Message::new().text(1, random.word()))
        .message_pair(2, "embedding", Message::new().packed_floats(1, embedding))
        .message_pair(2, "prices", Message::new().packed_floats(1, prices));
    Message::new()
        .text(1, &random.id(12))
        .message(2, Message::new().text(1, random.word()).text(1, random.word()))
        .text(3, &random.text(40))
        .text(4, &random.text(200))
        .message(5, features)
        .text(6, "en")
}
