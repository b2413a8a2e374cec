import { describe, expect, it } from 'vitest';
import { checkLockPath } from './path.ts';

const check = (path: string) => (): void => {
  checkLockPath(path, 'here');
};

describe('checkLockPath', () => {
  it.each(['faces/model.onnx', 'a/b', 'a/..b', 'a/...b', 'modèle/数.onnx', 'a b/c d', '.hidden/.file'])(
    'accepts %j',
    (path) => {
      expect(check(path)).not.toThrow();
    },
  );

  it.each([
    '',
    '/etc/passwd',
    '../model.onnx',
    'faces/../../model.onnx',
    'faces/..',
    './faces/model.onnx',
    'faces/./model.onnx',
    'faces//model.onnx',
    'faces/model.onnx/',
    'faces\\model.onnx',
    'C:/model.onnx',
    'faces/model.onnx:stream',
    'faces/model.onnx\0.txt',
    'faces/model\n.onnx',
    'faces/model.onnx.',
    'faces/model.onnx ',
    'faces /model.onnx',
    'faces/mode\u0300le.onnx',
    'faces/\uD800.onnx',
    'https://example.com/model.onnx',
  ])('refuses %j', (path) => {
    expect(check(path)).toThrow(expect.objectContaining({ code: 'ERR_MODEL_PATH' }));
  });

  it('accepts a component of 255 bytes and refuses one of 256', () => {
    expect(check(`a/${'é'.repeat(127)}b`)).not.toThrow();
    expect(check(`a/${'é'.repeat(128)}`)).toThrow(expect.objectContaining({ code: 'ERR_MODEL_PATH' }));
  });

  it('accepts 16 components and refuses 17', () => {
    expect(check(Array(16).fill('a').join('/'))).not.toThrow();
    expect(check(Array(17).fill('a').join('/'))).toThrow(expect.objectContaining({ code: 'ERR_MODEL_PATH' }));
  });

  it('accepts 1024 bytes and refuses 1025', () => {
    const long = [250, 250, 250, 250].map((length) => 'a'.repeat(length)).join('/');
    expect(check(`${long}/${'b'.repeat(20)}`)).not.toThrow();
    expect(check(`${long}/${'b'.repeat(21)}`)).toThrow(expect.objectContaining({ code: 'ERR_MODEL_PATH' }));
  });
});
