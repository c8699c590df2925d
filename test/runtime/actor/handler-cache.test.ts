/** Handlers by name against a plain look at the definition. */
import fc from 'fast-check';
import { type AnyDefinition, defineActor } from '#runtime';
import { HandlerCache } from '#runtime/actor/handler-cache';
import t from 'tap';

const handler = (): void => {};

t.test('whatever is looked up in whatever order, the handler is the one that the definition has', async () => {
  const definitions: readonly AnyDefinition[] = [
    defineActor({ name: 'one', init: () => null, casts: { a: handler, b: () => {} } }),
    defineActor({ name: 'two', init: () => null, casts: { a: () => {}, constructor: handler } }),
    defineActor({ name: 'three', init: () => null }),
  ];
  const name = fc.constantFrom('a', 'b', 'constructor', 'toString', '__proto__', '');
  const look = fc.record({ index: fc.nat(2), name });
  fc.assert(
    fc.property(fc.array(look, { maxLength: 60 }), (looks) => {
      const cache = new HandlerCache((definition) => definition.casts);
      return looks.every(({ index, name }) => {
        const definition = definitions[index];
        if (definition === undefined) return false;
        const casts = definition.casts as Readonly<Record<string, unknown>>;
        return cache.get(definition, name) === (Object.hasOwn(casts, name) ? casts[name] : undefined);
      });
    }),
  );
});
