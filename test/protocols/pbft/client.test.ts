/** A client believes f + 1 equal replies of different replicas, and asks everybody when none come; section 4.1. */
import t from 'tap';
import { type ClientEffect, type ClientInput, newClient, stepClient } from '#protocols/pbft/client';
import type { Reply, Signed } from '#protocols/pbft/message';
import { pbftSettings } from '#protocols/pbft/settings';

const settings = pbftSettings({ replicas: 4 });
const signature = Uint8Array.of(1);

class Asking {
  readonly state = newClient({ client: 'c', settings, retryTicks: 2 });

  step(input: ClientInput): readonly ClientEffect[] {
    return stepClient(this.state, input).effects;
  }

  /** Signs at once what is to be signed. */
  invoke(text: string): readonly ClientEffect[] {
    const effects = this.step({ type: 'invoke', operation: new TextEncoder().encode(text) });
    return effects.flatMap((effect) =>
      effect.type === 'sign' ? this.step({ type: 'signed', message: { ...effect.body, signature } }) : [effect],
    );
  }

  reply(replica: number, result: number, more: Partial<Reply> = {}): readonly ClientEffect[] {
    const body = { type: 'reply', view: 0, timestamp: 1, client: 'c', replica, result: Uint8Array.of(result) } as const;
    const message: Signed<Reply> = { ...body, ...more, signature };
    return this.step({ type: 'receive', message });
  }
}

t.test('a request goes to the primary, and to all when no answer comes, later each time', (t) => {
  const client = new Asking();
  t.match(client.invoke('x'), [{ type: 'send', to: [0], message: { timestamp: 1 } }]);
  const gaps: number[] = [];
  for (let tick = 1, last = 0; tick <= 62; tick += 1)
    for (const effect of client.step({ type: 'tick' }))
      if (effect.type === 'send') {
        t.same(effect.to, [0, 1, 2, 3]);
        gaps.push(tick - last);
        last = tick;
      }
  t.same(gaps, [2, 4, 8, 16, 16, 16]);
  t.end();
});

t.test('f + 1 equal replies of different replicas are a result; f liars alone are none', (t) => {
  const client = new Asking();
  client.invoke('x');
  t.same(client.reply(3, 9), []);
  t.same(client.reply(3, 9), [], 'a duplicate voter');
  t.same(client.reply(3, 7), [], 'a replica that says another thing now');
  t.same(client.reply(0, 7), []);
  t.same(client.reply(1, 7, { timestamp: 0 }), [], 'of another request');
  t.same(client.reply(1, 7, { client: 'd' }), [], 'of another client');
  t.match(client.reply(1, 7), [{ type: 'result', timestamp: 1, result: Uint8Array.of(7) }]);
  t.same(client.reply(2, 7), [], 'it has its answer');
  t.end();
});

t.test('a client learns the view from replies, has one request at a time, and timestamps rise', (t) => {
  const client = new Asking();
  client.invoke('x');
  t.match(client.invoke('y'), [{ type: 'busy' }]);
  client.reply(0, 7, { view: 6 });
  client.reply(1, 7, { view: 5 });
  t.match(client.invoke('y'), [{ type: 'send', to: [1], message: { timestamp: 2 } }]);
  t.end();
});
