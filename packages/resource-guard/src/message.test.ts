import { expect, it } from 'vitest';
import { parseReply } from './message.ts';

it('accepts an answer', () => {
  const answer = { type: 'value', id: '1', cpuMs: 0.5, peakMemoryBytes: 1 };
  expect(parseReply(JSON.stringify(answer))).toEqual(answer);
});

it.each([
  ['text that is not JSON', '{'],
  ['a message of no kind', '{}'],
  ['a message of an unknown kind', '{"type":"NODE_HANDLE"}'],
  ['an internal message of Node', '{"cmd":"NODE_HANDLE","type":"net.Socket"}'],
  ['a field too many', '{"type":"begun","id":"1","more":1}'],
  ['a negative CPU time', '{"type":"value","id":"1","cpuMs":-1,"peakMemoryBytes":0}'],
  ['a figure that is no number', '{"type":"value","id":"1","cpuMs":"1","peakMemoryBytes":0}'],
  ['null', 'null'],
])('refuses %s', (_name, head) => {
  expect(parseReply(head)).toBeUndefined();
});
