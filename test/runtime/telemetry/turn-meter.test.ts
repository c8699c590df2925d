/** What is measured of turns: one by one as a rule, a few together where they are quick. */
import { type AnyDefinition, defineActor } from '#runtime';
import { createLogger } from '#runtime/telemetry/log';
import { TurnMeter } from '#runtime/telemetry/turn-meter';
import t from 'tap';

const left = defineActor({ name: 'left', init: () => null });
const right = defineActor({ name: 'right', init: () => null });

function meterOf(slowMs: number): TurnMeter {
  return new TurnMeter(slowMs, createLogger({ level: 'silent', format: 'json' }, {}), undefined);
}

/** Turns of one message each that take no time, after which the actors of these definitions are known to be quick. */
function warmUp(meter: TurnMeter, ...definitions: readonly AnyDefinition[]): void {
  for (const definition of definitions) {
    for (let turn = 0; turn < 40; turn += 1) {
      meter.begin({ serial: 16, definition });
      meter.end(1, 0, 0);
    }
  }
}

/** Gives turns of one message to each until the meter wants the time; how many it were, the last not ended. */
function row(meter: TurnMeter, ...definitions: readonly AnyDefinition[]): number {
  for (let turns = 1; ; turns += 1) {
    const definition = definitions[(turns - 1) % definitions.length];
    if (definition === undefined) throw new Error('no definition');
    meter.begin({ serial: 16, definition });
    if (!meter.joins(1)) return turns;
  }
}

t.test('turns of actors that are not known to be quick are measured one by one', async (t) => {
  const meter = meterOf(0);
  t.equal(row(meter, left), 1);
  meter.end(1, 1, 1);
  warmUp(meter, right);
  t.equal(row(meter, left), 1, 'a definition does not profit from its neighbour');
});

t.test('a row of quick turns shares its time among its messages, and each turn counts', async (t) => {
  const meter = meterOf(0);
  warmUp(meter, left, right);
  const turns = row(meter, left, right);
  t.ok(turns > 4 && turns % 2 === 0, `${turns} turns in a row`);
  meter.end(1, 0.008 * turns, 1);
  const { definitions, turnLatency } = meter.report();
  t.equal(turnLatency.count, 80 + turns);
  t.equal(turnLatency.max, 0.008);
  for (const { definition, processed, busyMs } of definitions) {
    t.equal(processed, 40 + turns / 2, definition);
    t.equal(Math.round(busyMs * 1e6), Math.round(0.008 * (turns / 2) * 1e6), definition);
  }
});

t.test('a row of quick turns that was slow names each definition in it, and the next is measured alone', async (t) => {
  const meter = meterOf(100);
  warmUp(meter, left, right);
  const turns = row(meter, left, right);
  meter.end(1, 250, 250);
  const { slowTurns } = meter.report();
  t.match(slowTurns, [
    { definition: 'left', message: `one of ${turns} messages`, durationMs: 250 },
    { definition: 'right', message: `one of ${turns} messages`, durationMs: 250 },
  ]);
  meter.message = 'crunch';
  t.equal(row(meter, left), 1);
  meter.end(1, 250, 500);
  t.match(meter.report().slowTurns.at(-1), { definition: 'left', message: 'crunch' });
});

t.test('many messages in one turn end a row', async (t) => {
  const meter = meterOf(0);
  warmUp(meter, left);
  meter.begin({ serial: 16, definition: left });
  t.equal(meter.joins(1), true);
  meter.begin({ serial: 16, definition: left });
  t.equal(meter.joins(64), false);
  meter.end(64, 0.065, 1);
  t.equal(meter.report().definitions[0]?.processed, 40 + 65);
});
