/**
 * Counters by definition, of one executor. They cost the path of a message nothing: what living actors processed is
 * theirs and is added up when somebody asks; this keeps what is rare (failures, restarts) and what ended actors had done,
 * so that no counter ever goes back.
 */

/** What is counted of a definition. */
export interface DefinitionCounts {
  /** Messages taken out of the mailboxes of actors that have ended. */
  processed: number;
  /** Crashes of handlers, inits and restarts. */
  failed: number;
  /** Lives after the first. */
  restarts: number;
}

/** The counters of one executor. */
export class DefinitionMetrics {
  readonly #counts = new Map<string, DefinitionCounts>();

  failed(definition: string): void {
    this.of(definition).failed += 1;
  }

  restarted(definition: string): void {
    this.of(definition).restarts += 1;
  }

  /** An actor ended. */
  ended(definition: string, processed: number): void {
    this.of(definition).processed += processed;
  }

  of(definition: string): DefinitionCounts {
    let counts = this.#counts.get(definition);
    if (counts === undefined) {
      counts = { processed: 0, failed: 0, restarts: 0 };
      this.#counts.set(definition, counts);
    }
    return counts;
  }

  definitions(): Iterable<string> {
    return this.#counts.keys();
  }
}
