/** Loads the llama.cpp binding and says what it found, as JSON; a process of its own, because native code may end it. */
import { loadNative } from '#actors/inference/llama/llama';

try {
  const native = await loadNative({ useGpu: true });
  process.stdout.write(JSON.stringify({ gpu: native.gpu }));
  await native.dispose();
} catch (error) {
  process.stdout.write(JSON.stringify({ error: error instanceof Error ? error.message : String(error) }));
}
