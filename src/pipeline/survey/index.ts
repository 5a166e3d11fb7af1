/** Finding out what the members of a room could do for a model, and what lies between them. */
export { type Ability, type Inability, type Judge, SurveyAnswers } from "./answers";
export { LinkSurvey } from "./links";
export { type Survey, survey } from "./survey";
