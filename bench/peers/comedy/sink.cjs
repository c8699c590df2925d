/** The threaded actor of `messages.mjs`; comedy loads it from its file. */
module.exports = class Sink {
  initialize() {
    this.count = 0;
    this.sum = 0;
  }

  note({ n }) {
    this.count += 1;
    this.sum += n;
  }

  add({ n }) {
    this.count += 1;
    return n + 1;
  }

  arrived() {
    return this.count;
  }

  take() {
    const taken = { count: this.count, sum: this.sum };
    this.initialize();
    return taken;
  }
};
