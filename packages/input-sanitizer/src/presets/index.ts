import { gluoncv } from './gluoncv.ts';
import { timm } from './timm.ts';
import { torchvision } from './torchvision.ts';
import { signed, unit } from './value-range.ts';

/** Input specs as the common libraries have them. Every function takes options and gives a frozen {@link InputSpec}. */
export const presets = Object.freeze({ torchvision, timm, gluoncv, unit, signed });
