import { expect, it } from 'vitest';
import { FrameTimes } from './frame-times.ts';

const line = (index: number, time: number) =>
  `frame:${index}    pts:${time}  pts_time:${time / 1e6}\nframe=1\n`;

it('gives times in order, however the text is cut', async () => {
  const times = new FrameTimes();
  for (const character of line(0, 0) + line(1, 40_000)) times.add(character);
  expect([await times.next(), await times.next()]).toEqual([0, 40_000]);
});

it('waits for a time that has not come yet', async () => {
  const times = new FrameTimes();
  const next = times.next();
  times.add(line(0, 1_500_000));
  expect(await next).toBe(1_500_000);
});

it('gives the times before a change of the frames, then says that there was one', async () => {
  const times = new FrameTimes();
  times.add(line(0, 0) + line(1, 1) + line(0, 2));
  expect([await times.next(), await times.next()]).toEqual([0, 1]);
  await expect(times.next()).rejects.toMatchObject({ code: 'ERR_INPUT_DIMENSIONS' });
});

it.each(['frame:x pts:1 \n', 'frame:0 pts:NOPTS \n', 'x'.repeat(1025)])(
  'refuses text like %j',
  async (text) => {
    const times = new FrameTimes();
    times.add(text);
    await expect(times.next()).rejects.toMatchObject({ code: 'ERR_INPUT_CORRUPT' });
  },
);

it('says that there is no time when the text has ended', async () => {
  const times = new FrameTimes();
  const next = times.next();
  times.end();
  await expect(next).rejects.toMatchObject({ code: 'ERR_INPUT_CORRUPT' });
});
