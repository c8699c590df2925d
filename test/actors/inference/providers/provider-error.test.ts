/** What providers say when they do not answer, in the forms that they are known to say it in. */
import {
  classifyStatus,
  providerErrorOf,
  readProviderError,
  statusOf,
} from '#actors/inference/providers/provider-error';
import t from 'tap';

t.test('each form of a body is read', async (t) => {
  const bodies: readonly (readonly [body: string, form: string, error: object])[] = [
    [
      '{"error":{"message":"m","type":"invalid_request_error","param":"temperature","code":"unsupported_value"}}',
      'OpenAI',
      { message: 'm', type: 'invalid_request_error', param: 'temperature', code: 'unsupported_value' },
    ],
    [
      '{"error":{"code":400,"message":"m","type":"exceed_context_size_error","n_prompt_tokens":9,"n_ctx":8}}',
      'llama-server',
      { message: 'm', type: 'exceed_context_size_error', code: '400', param: '' },
    ],
    [
      '{"object":"error","message":"m","type":"BadRequestError","param":null,"code":400}',
      'vLLM, older',
      { code: '400' },
    ],
    ['{"error":"model not found"}', 'Ollama', { message: 'model not found' }],
    ['{"detail":"Not Found"}', 'FastAPI', { message: 'Not Found' }],
    ['{"detail":[{"loc":["body"],"msg":"bad"}]}', 'FastAPI, of a form', { message: '[{"loc":["body"],"msg":"bad"}]' }],
    [
      '{"type":"error","error":{"type":"rate_limit_error","message":"m","details":{"error_code":"enforced_spend_limit_reached"}}}',
      'Anthropic',
      { type: 'rate_limit_error', code: 'enforced_spend_limit_reached' },
    ],
  ];
  for (const [body, form, error] of bodies) t.match(readProviderError(body), error, form);
});

t.test('what tells of no error is none', async (t) => {
  for (const body of ['', 'null', '[]', '{}', '"text"', '<html>', '{"error":null,"choices":[]}']) {
    t.equal(readProviderError(body), undefined, body);
  }
  t.equal(providerErrorOf({ choices: [] }), undefined);
});

t.test('statuses and words become classes and codes', async (t) => {
  const table: readonly (readonly [status: number, error: object, kind: string, code: string])[] = [
    [400, {}, 'refused', 'PROVIDER_REFUSED'],
    [401, {}, 'refused', 'PROVIDER_REFUSED'],
    [404, {}, 'refused', 'PROVIDER_REFUSED'],
    [302, {}, 'refused', 'PROVIDER_REFUSED'],
    [408, {}, 'server', 'PROVIDER_FAILED'],
    [429, {}, 'limited', 'PROVIDER_LIMITED'],
    [429, { code: 'insufficient_quota' }, 'refused', 'PROVIDER_REFUSED'],
    [429, { type: 'rate_limit_error', code: 'enforced_spend_limit_reached' }, 'refused', 'PROVIDER_REFUSED'],
    [500, {}, 'server', 'PROVIDER_FAILED'],
    [501, { type: 'not_supported_error' }, 'refused', 'PROVIDER_REFUSED'],
    [502, {}, 'server', 'PROVIDER_FAILED'],
    [503, { message: 'Loading model' }, 'overloaded', 'PROVIDER_FAILED'],
    [529, {}, 'overloaded', 'PROVIDER_FAILED'],
    [204, {}, 'garbled', 'BAD_ANSWER'],
    [400, { code: 'context_length_exceeded' }, 'refused', 'CONTEXT_OVERFLOW'],
    [400, { type: 'exceed_context_size_error' }, 'refused', 'CONTEXT_OVERFLOW'],
    [400, { message: "This model's maximum context length is 4096 tokens." }, 'refused', 'CONTEXT_OVERFLOW'],
    [400, { message: 'prompt is too long: 210000 tokens > 200000 maximum' }, 'refused', 'CONTEXT_OVERFLOW'],
    [400, { message: 'input length and `max_tokens` exceed context limit: 5 + 6 > 10' }, 'refused', 'CONTEXT_OVERFLOW'],
  ];
  for (const [status, fields, kind, code] of table) {
    const error = { message: '', type: '', code: '', param: '', ...fields };
    t.same(classifyStatus(status, error), { kind, code }, `${status} ${JSON.stringify(fields)}`);
  }
});

t.test('an error inside a stream stands for a status', async (t) => {
  const status = (fields: object): number => statusOf({ message: '', type: '', code: '', param: '', ...fields });
  t.equal(status({ type: 'overloaded_error' }), 529);
  t.equal(status({ type: 'rate_limit_error' }), 429);
  t.equal(status({ type: 'BadRequestError', code: '400' }), 400);
  t.equal(status({ type: 'api_error' }), 500);
  t.equal(status({ code: '12' }), 500, 'a number that is no status');
});
