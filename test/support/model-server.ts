/**
 * An API of chat completions (OpenAI's form) in the test's own process: the test decides when each part of an answer
 * leaves, and sees when whoever asked hangs up. With it the whole way of a request is real but for the model.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from './eventually.js';

/** A request that is being answered. */
export interface ModelRequest {
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: IncomingMessage['headers'];
  /** Whether the asker hung up before the answer was complete. */
  readonly hungUp: () => boolean;
  /** Sends a piece of text. */
  send(text: string): void;
  /** Ends the answer in order. */
  end(finish?: 'stop' | 'length' | 'content_filter'): void;
  /** Refuses it, before anything was sent. */
  refuse(status: number, message: string): void;
}

/** The server. */
export interface ModelServer {
  /** For `url` of an entry. */
  readonly url: string;
  readonly requests: readonly ModelRequest[];
  /** Request number `index`, once it is there. */
  request(index: number): Promise<ModelRequest>;
  /** From now on requests are answered at once by this; undefined: by the test. */
  answer: ((request: ModelRequest) => void) | undefined;
}

/** What is needed of a tap test. */
interface Test {
  teardown(handler: () => Promise<void>): void;
}

/** Starts a server that is gone with the test. */
export async function withModelServer(t: Test): Promise<ModelServer> {
  const requests: ModelRequest[] = [];
  const server = createServer((request, response) => void serve(request, response));
  const self: ModelServer = {
    get url() {
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    },
    requests,
    answer: undefined,
    request: async (index) => {
      await eventually(`request ${index} arrives`, () => requests[index] !== undefined, 30_000);
      const request = requests[index];
      if (request === undefined) throw new Error('unreachable');
      return request;
    },
  };
  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of incoming) text += String(chunk);
    if (incoming.method !== 'POST' || incoming.url !== '/v1/chat/completions') {
      response.writeHead(incoming.url === '/v1/models' ? 200 : 404, { 'Content-Type': 'application/json' });
      response.end('{"object":"list","data":[]}');
      return;
    }
    const request = modelRequest(incoming, JSON.parse(text) as Record<string, unknown>, response);
    requests.push(request);
    self.answer?.(request);
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return self;
}

function modelRequest(
  { headers }: IncomingMessage,
  body: Readonly<Record<string, unknown>>,
  response: ServerResponse,
): ModelRequest {
  let pieces = 0;
  let hungUp = false;
  response.on('close', () => {
    hungUp = !response.writableEnded;
  });
  const head = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: String(body['model']) };
  const event = (value: object): void => {
    if (!response.headersSent) response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write(`data: ${JSON.stringify({ ...head, ...value })}\n\n`);
  };
  const choice = (delta: object, finish: string | null): object => ({
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  return {
    body,
    headers,
    hungUp: () => hungUp,
    send: (text) => {
      pieces += 1;
      event(choice(pieces === 1 ? { role: 'assistant', content: text } : { content: text }, null));
    },
    end: (finish = 'stop') => {
      event(choice({}, finish));
      const usage = { prompt_tokens: 11, completion_tokens: pieces, total_tokens: 11 + pieces };
      event({ choices: [], usage });
      response.end('data: [DONE]\n\n');
    },
    refuse: (status, message) => {
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ error: { message, type: 'invalid_request_error', code: null } }));
    },
  };
}

/** A configuration with the server's model under this name. */
export function modelConfig(server: ModelServer, name = 'remote', more: object = {}): string {
  const entry = { name, backend: 'openai', model: 'test-model', url: server.url, ...more };
  return JSON.stringify({ inference: { models: [entry] } });
}
