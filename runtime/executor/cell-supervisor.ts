/**
 * The operations of OTP's `supervisor` on one family: by id, with OTP's results. While a group of children is being
 * halted or started they wait, as a supervisor of OTP would be busy.
 */
import type { ActorAddress } from '#protocols/wire/address';
import { SHUTDOWN, type SpawnSpec } from '#protocols/wire/envelope';
import { SkepError } from '#protocols/wire/error';
import type { KnownChild, SupervisorDoor } from '../supervision/supervisor-door.js';
import type { Family } from './cell-family.js';
import { whileStarting } from './cell-group.js';
import type { CallScope } from './call-scope.js';

export class FamilyDoor implements SupervisorDoor {
  readonly #family: Family;
  readonly #scope: () => CallScope;

  constructor(family: Family, scope: () => CallScope) {
    this.#family = family;
    this.#scope = scope;
  }

  async startChild(spec: SpawnSpec): Promise<ActorAddress> {
    const scope = this.#scope();
    await this.#family.quiet();
    const { children } = this.#family;
    const present = spec.id === undefined ? undefined : children.withId(spec.id);
    if (present === undefined) {
      const started = this.#family.spawn(spec, undefined, scope);
      return 'then' in started ? started : started.address;
    }
    const facts = { id: spec.id, address: present };
    if (children.statusOf(present) === 'stopped') {
      throw new SkepError('CHILD_ALREADY_PRESENT', `the spec of child ${spec.id} is present already`, facts);
    }
    throw new SkepError('CHILD_ALREADY_STARTED', `child ${spec.id} is started already, at ${present}`, facts);
  }

  async terminateChild(child: string | ActorAddress): Promise<void> {
    await this.#family.quiet();
    await this.#family.stopChild(this.#find(child), SHUTDOWN);
  }

  async restartChild(id: string): Promise<ActorAddress> {
    await this.#family.quiet();
    const child = this.#ended(id);
    const { children, claims } = this.#family;
    children.setStatus(child, 'restarting');
    const outcome = claims.until(child, (news) => whileStarting(children, news));
    this.#family.restart(child, SHUTDOWN);
    const news = await outcome;
    if (news.type === 'started') {
      children.setStatus(child, 'running');
      return child;
    }
    if (news.type === 'failed') await this.#family.stopChild(child, news.reason);
    else children.setStatus(child, 'stopped');
    const why = 'reason' in news ? news.reason.message : '';
    throw new SkepError('INIT_FAILED', `child ${id} did not start: ${why}`, { id, address: child });
  }

  async deleteChild(id: string): Promise<void> {
    await this.#family.quiet();
    this.#family.children.remove(this.#ended(id));
  }

  knownChildren(): readonly KnownChild[] {
    const { children } = this.#family;
    return children.addresses().flatMap((address) => {
      const [spec, status] = [children.specOf(address), children.statusOf(address)];
      return spec === undefined || status === undefined ? [] : [{ address, spec, status }];
    });
  }

  #find(child: string | ActorAddress): ActorAddress {
    const { children } = this.#family;
    const address = children.withId(child) ?? (child as ActorAddress);
    if (children.has(address)) return address;
    throw new SkepError('NO_SUCH_CHILD', `no child ${child}`, { id: child });
  }

  /** A child that has ended, whose spec is kept. */
  #ended(id: string): ActorAddress {
    const child = this.#find(id);
    const status = this.#family.children.statusOf(child);
    if (status === 'running') throw new SkepError('CHILD_RUNNING', `child ${id} runs`, { id, address: child });
    if (status === 'restarting') {
      throw new SkepError('CHILD_RESTARTING', `child ${id} is about to be restarted`, { id, address: child });
    }
    return child;
  }
}
