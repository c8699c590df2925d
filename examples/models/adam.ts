/** Adam (Kingma and Ba 2015): each parameter goes by the mean of its gradients over the root of the mean of their squares. */

/** Means of gradients and of their squares die away by these factors a step. */
const firstDecay = 0.9;
const secondDecay = 0.98;
const epsilon = 1e-8;
/** A gradient that is longer than this is shortened to it, so that one odd lesson throws nothing over. */
const longestGradient = 1;

/** Changes parameters by their gradients. */
export class Adam {
  readonly #first: Float32Array;
  readonly #second: Float32Array;
  /** The decays to the power of the steps: what the means lack because they began at zero. */
  #firstPower = 1;
  #secondPower = 1;

  constructor(parameters: number) {
    this.#first = new Float32Array(parameters);
    this.#second = new Float32Array(parameters);
  }

  /** One step; `gradients` is not changed. */
  step(values: Float32Array, gradients: Float32Array, rate: number): void {
    this.#firstPower *= firstDecay;
    this.#secondPower *= secondDecay;
    let squares = 0;
    for (let at = 0; at < gradients.length; at += 1) squares += (gradients[at] as number) * (gradients[at] as number);
    const length = Math.sqrt(squares);
    const shorten = length > longestGradient ? longestGradient / length : 1;
    for (let at = 0; at < values.length; at += 1) {
      const gradient = (gradients[at] as number) * shorten;
      const first = firstDecay * (this.#first[at] as number) + (1 - firstDecay) * gradient;
      const second = secondDecay * (this.#second[at] as number) + (1 - secondDecay) * gradient * gradient;
      this.#first[at] = first;
      this.#second[at] = second;
      const mean = first / (1 - this.#firstPower);
      const root = Math.sqrt(second / (1 - this.#secondPower));
      values[at] = (values[at] as number) - (rate * mean) / (root + epsilon);
    }
  }
}
