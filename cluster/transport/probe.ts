/**
 * Asks a port whether a NATS server answers there: connects, waits for the greeting, hangs up. Done before each
 * connection of the client library, because an attempt of the library against a server that accepts but never speaks
 * cannot be ended, and because the socket's own error says best why a server is not reached.
 */
import { connect } from 'node:net';

/** A failure to reach the server, with the system's code where there is one. */
export class ProbeError extends Error {
  override readonly name = 'ProbeError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Resolves when a NATS server greets; rejects with a {@link ProbeError}. */
export function probeNats(host: string, port: number, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    let greeting = '';
    const timer = setTimeout(() => fail('TIMEOUT', `no greeting within ${timeoutMs} ms`), timeoutMs);
    const end = (): void => {
      clearTimeout(timer);
      socket.destroy();
    };
    const fail = (code: string, message: string): void => {
      end();
      reject(new ProbeError(code, message));
    };
    socket.on('error', (error) =>
      fail('code' in error && typeof error.code === 'string' ? error.code : 'ERROR', error.message),
    );
    socket.on('close', () => fail('CLOSED', 'the connection was closed without a greeting'));
    socket.on('data', (data) => {
      greeting += data.toString('latin1');
      if (greeting.startsWith('INFO ')) {
        end();
        resolve();
      } else if (greeting.length >= 5 || !'INFO '.startsWith(greeting)) {
        fail('NOT_NATS', 'something else than a NATS server answers there');
      }
    });
  });
}
