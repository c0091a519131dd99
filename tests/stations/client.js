// Plays a conversation with gRPC of Node.js, and asks for health; prints lines of JSON.
//
//   client.js [--gzip] [--tls CERT] [--at-once] PROTO play ADDRESS CONVERSATION
//   client.js [--gzip] [--tls CERT] PROTO health ADDRESS

const { createHash } = require('node:crypto');
const { readFileSync } = require('node:fs');
const { parseArgs } = require('node:util');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');

const SERVICE = 'serve.v1.Stations';
// In milliseconds, see client.go.
const CALL_LIMIT = 20_000;
const CALL_DEADLINE = 500;

const asIs = (bytes) => bytes;

async function main() {
	const { values, positionals } = parseArgs({
		options: { gzip: { type: 'boolean' }, tls: { type: 'string' }, 'at-once': { type: 'boolean' } },
		allowPositionals: true,
	});
	const [proto, command, address, conversation] = positionals;
	const client = connect(address, values);
	if (command === 'play') {
		const methods = protoLoader.loadSync(proto)[SERVICE];
		let before = Promise.resolve();
		const calls = JSON.parse(readFileSync(conversation, 'utf8')).map((call) => {
			const begin = () => play(client, methods[call.method], call);
			before = values['at-once'] ? begin() : before.then(begin);
			return before;
		});
		for (const call of calls) {
			show(await call);
		}
	} else {
		await askHealth(client);
	}
	client.close();
}

function connect(address, { gzip, tls }) {
	const credentials = tls ? grpc.credentials.createSsl(readFileSync(tls)) : grpc.credentials.createInsecure();
	return new grpc.Client(address, credentials, {
		'grpc.max_receive_message_length': -1,
		'grpc.max_send_message_length': -1,
		// The other clients ask for the address, which Node.js does not like.
		...(tls && { 'grpc.ssl_target_name_override': 'localhost' }),
		'grpc.default_compression_algorithm': gzip ? grpc.compressionAlgorithms.gzip : grpc.compressionAlgorithms.identity,
	});
}

// What comes of a call: its steps, and then its end, see the README.
async function play(client, method, { call: name, method: methodName, steps, ends }) {
	const begun = performance.now();
	const options = { deadline: Date.now() + (ends === 'deadline' ? CALL_DEADLINE : CALL_LIMIT) };
	const { running, send, receive, ended } = start(client, method, steps, options);
	const received = [];
	for (const step of steps) {
		if (step === 'receive') {
			received.push(await receive());
		} else if (method.requestStream) {
			send(step);
		}
	}
	if (method.requestStream && ends === undefined) {
		running.end();
	}
	if (ends === 'cancel') {
		running.cancel();
	}
	for (let next = await receive(); next !== undefined; next = await receive()) {
		// What still comes is a matter of chance.
		if (ends !== 'cancel') {
			received.push(next);
		}
	}
	const status = await ended;
	const line = { call: name, method: methodName, code: status.code };
	if (ends === 'deadline') {
		const took = performance.now() - begun;
		line.inTime = took >= CALL_DEADLINE * 0.9 && took < CALL_DEADLINE * 6;
	} else if (ends !== 'cancel') {
		line.message = status.details;
	}
	const [details] = status.metadata.get('grpc-status-details-bin');
	if (details !== undefined) {
		line.details = details.toString('hex');
	}
	line.messages = received.map((bytes) => ({ bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }));
	return line;
}

// A call that runs, what sends and receives in it, and how it ended. Received are bytes as they come, and nothing at the end.
//
// Streams can be iterated, too, but an error that follows a message overtakes it there.
function start(client, method, steps, options) {
	const messages = [];
	let wake = () => {};
	const put = (message) => {
		messages.push(message);
		wake();
	};
	// Of an error there is no message, which is the end.
	const answer = (error, message) => put(message);
	const asked = [method.path, method.requestSerialize, asIs];
	const metadata = new grpc.Metadata();
	let running;
	if (method.requestStream && method.responseStream) {
		running = client.makeBidiStreamRequest(...asked, metadata, options);
	} else if (method.requestStream) {
		running = client.makeClientStreamRequest(...asked, metadata, options, answer);
	} else if (method.responseStream) {
		running = client.makeServerStreamRequest(...asked, message(steps[0]), metadata, options);
	} else {
		running = client.makeUnaryRequest(...asked, message(steps[0]), metadata, options, answer);
	}
	const ended = new Promise((resolve) => running.on('status', resolve));
	if (method.responseStream) {
		// An error is a status, too.
		running.on('data', put).on('end', () => put(undefined)).on('error', () => {});
	} else {
		ended.then(() => put(undefined));
	}
	const receive = async () => {
		if (messages.length === 0) {
			await new Promise((resolve) => {
				wake = resolve;
			});
		}
		return messages.shift();
	};
	return { running, send: (step) => running.write(message(step)), receive, ended };
}

// A message as proto-loader takes it. A number in the place of data stands for so many bytes.
function message(step) {
	return typeof step.data === 'number' ? { ...step, data: Buffer.alloc(step.data, Buffer.from([...Array(251).keys()])) } : step;
}

async function askHealth(client) {
	for (const service of ['', SERVICE, 'no.such.Service']) {
		// A HealthCheckRequest, whose one field is number 1, and so is that of its response.
		const request = Buffer.concat([Buffer.from([10, service.length]), Buffer.from(service)]);
		const options = { deadline: Date.now() + CALL_LIMIT };
		const line = await new Promise((resolve) => {
			const callback = (error, answer) => resolve({ service, code: error?.code ?? 0, status: answer?.[1] ?? 0 });
			client.makeUnaryRequest('/grpc.health.v1.Health/Check', asIs, asIs, request, new grpc.Metadata(), options, callback);
		});
		show(line);
	}
}

function show(line) {
	console.log(JSON.stringify(line));
}

main().catch((error) => {
	console.error(error);
	process.exit(1);
});
