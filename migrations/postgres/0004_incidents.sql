-- 暴力抗法事件.

-- What conduct a code means, and the law behind it: data, because both change.
create table conduct_codes (
    code          text    not null,             -- V1 …
    name          text    not null,
    valid_from_us bigint not null,
    valid_to_us   bigint,
    primary key (code, valid_from_us)
);
create table conduct_laws (
    code          text    not null,
    position      bigint not null,             -- order among the bases of a code
    law           text    not null,             -- short name and article, as cited: 刑法277(5)
    source        text    not null,             -- full title of the law or interpretation
    valid_from_us bigint not null,
    valid_to_us   bigint,
    primary key (code, position, valid_from_us)
);

create table incidents (
    id          bigint primary key,
    court       text    not null,               -- court code; empty: not said
    status      text    not null,               -- suspected | confirmed | closed | dismissed
    status_why  text    not null,               -- the reason of a dismissal; else empty or a remark
    source      text    not null,               -- person | mark | sidecar
    source_clip bigint references clips (id),  -- of mark and sidecar: the clip that carries it
    severity    bigint,                        -- 1 … 4; null: not judged
    begin_us    bigint not null,
    end_us      bigint,
    place       text    not null,
    narrative   text    not null,
    injuries    text    not null,
    weapons     text    not null,
    no_victims  bigint not null,               -- 1: it was found that there was no victim
    committee_us bigint,                       -- reported to 法官权益保障委员会; null: not yet
    action_id   bigint references actions (id),
    due_us      bigint,                        -- when the earliest open duty is due: made from the other rows and the settings
    created_us  bigint not null,
    updated_us  bigint not null,
    version     bigint not null,               -- rises with each change; what a change is based on
    last_entry  bigint not null                -- its newest ledger entry
);
create index incidents_begin on incidents (begin_us, id);
create index incidents_due on incidents (due_us, id) where due_us is not null;
create unique index incidents_source_clip on incidents (source_clip) where source_clip is not null;

create table incident_codes (
    incident_id bigint not null references incidents (id),
    code        text    not null,
    primary key (incident_id, code)
);

create table incident_cases (
    incident_id bigint not null references incidents (id),
    case_id     bigint not null references cases (id),
    primary key (incident_id, case_id)
);
create index incident_cases_case on incident_cases (case_id, incident_id);

create table incident_clips (
    incident_id bigint not null references incidents (id),
    clip_id     bigint not null references clips (id),
    from_ms     bigint not null,               -- offset in the clip where it begins
    to_ms       bigint,
    primary key (incident_id, clip_id)
);
create index incident_clips_clip on incident_clips (clip_id, incident_id);

create table incident_people (
    incident_id bigint not null references incidents (id),
    position    bigint not null,
    side        text    not null,               -- subject | victim
    name        text    not null,               -- empty: not known
    role        text    not null,               -- of a subject 被执行人 …, of a victim 司法警察 …
    officer     text,                           -- a victim's officer number
    primary key (incident_id, position)
);
create index incident_people_officer on incident_people (officer) where officer is not null;

create table incident_measures (
    id               bigint primary key,
    incident_id      bigint not null references incidents (id),
    kind             text    not null,          -- 训诫 … 自诉
    person           text    not null,          -- against whom
    against_unit     bigint not null,          -- a unit (fine to 1,000,000), not a person (to 100,000)
    amount_yuan      bigint,                   -- of a fine
    days             bigint,                   -- of a detention
    decided_by       text    not null,
    decided_us       bigint,
    approved_by      text    not null,          -- the president; empty: not yet
    approved_us      bigint,
    urgent           bigint not null,          -- detention first, reported at once
    served_us        bigint,                   -- handed over: the term for 复议 runs from here
    family_told_us   bigint,                   -- of a detention
    family_reason    text    not null,          -- why the family could not be told
    review_asked_us  bigint,                   -- 复议
    review_done_us   bigint,
    note             text    not null
);
create index incident_measures_incident on incident_measures (incident_id, id);
create index incident_measures_person on incident_measures (person, kind);

-- Valid from 0 means since ever. A law's validity is that of the text whose numbering is cited, from the first midnight in China on.
insert into conduct_codes (code, name, valid_from_us, valid_to_us) values
    ('V1', '殴打、袭击', 0, null),
    ('V2', '持械、驾车冲撞', 0, null),
    ('V3', '围攻、围困、扣押人员', 0, null),
    ('V4', '聚众哄闹、冲击执行现场', 0, null),
    ('V5', '拉拽推搡、阻拦', 0, null),
    ('V6', '威胁、恐吓', 0, null),
    ('V7', '侮辱、谩骂、诽谤、诬陷', 0, null),
    ('V8', '毁损、抢夺车辆、器械、服装、证件、案卷', 0, null),
    ('V9', '毁损法律文书、封条、公告', 0, null),
    ('V10', '妨碍搜查、查封、扣押', 0, null),
    ('V11', '隐藏、转移、毁损已查封财产', 0, null),
    ('V12', '在法院哄闹、滞留', 0, null),
    ('V13', '自杀、自残或以此相胁', 0, null),
    ('V14', '拒不迁出、拒不交付', 0, null),
    ('V15', '协助义务单位拒不协助', 0, null),
    ('V16', '打击报复、跟踪、骚扰', 0, null);
insert into conduct_laws (code, position, law, source, valid_from_us, valid_to_us) values
    ('V1', 1, '民诉法114(1)(4)(5)', '中华人民共和国民事诉讼法', 1640966400000000, null),
    ('V1', 2, '拒执解释4(3)', '最高人民法院、最高人民检察院关于办理拒不执行判决、裁定刑事案件适用法律若干问题的解释（法释〔2024〕13号）', 1732982400000000, null),
    ('V1', 3, '刑法277(1)', '中华人民共和国刑法', 0, null),
    ('V1', 4, '刑法277(5)', '中华人民共和国刑法', 1614528000000000, null),
    ('V1', 5, '袭警解释1', '最高人民法院、最高人民检察院关于办理袭警刑事案件适用法律若干问题的解释（高检发释字〔2025〕1号）', 1737129600000000, null),
    ('V2', 1, '刑法277(5)后段', '中华人民共和国刑法', 1614528000000000, null),
    ('V2', 2, '袭警解释2', '最高人民法院、最高人民检察院关于办理袭警刑事案件适用法律若干问题的解释（高检发释字〔2025〕1号）', 1737129600000000, null),
    ('V3', 1, '民诉法解释187(3)', '最高人民法院关于适用《中华人民共和国民事诉讼法》的解释', 0, null),
    ('V3', 2, '拒执解释4(3)', '最高人民法院、最高人民检察院关于办理拒不执行判决、裁定刑事案件适用法律若干问题的解释（法释〔2024〕13号）', 1732982400000000, null),
    ('V4', 1, '民诉法解释187(3)', '最高人民法院关于适用《中华人民共和国民事诉讼法》的解释', 0, null),
    ('V4', 2, '拒执解释4(2)', '最高人民法院、最高人民检察院关于办理拒不执行判决、裁定刑事案件适用法律若干问题的解释（法释〔2024〕13号）', 1732982400000000, null),
    ('V5', 1, '拒执解释3(8)', '最高人民法院、最高人民检察院关于办理拒不执行判决、裁定刑事案件适用法律若干问题的解释（法释〔2024〕13号）', 1732982400000000, null),
    ('V5', 2, '民诉法解释187(5)(6)', '最高人民法院关于适用《中华人民共和国民事诉讼法》的解释', 0, null),
    ('V6', 1, '民诉法114(1)(5)', '中华人民共和国民事诉讼法', 1640966400000000, null),
    ('V6', 2, '刑法277(1)', '中华人民共和国刑法', 0, null),
    ('V6', 3, '拒执解释3(8)', '最高人民法院、最高人民检察院关于办理拒不执行判决、裁定刑事案件适用法律若干问题的解释（法释〔2024〕13号）', 1732982400000000, null),
    ('V7', 1, '民诉法114(1)(4)', '中华人民共和国民事诉讼法', 1640966400000000, null),
    ('V8', 1, '民诉法解释187(4)', '最高人民法院关于适用《中华人民共和国民事诉讼法》的解释', 0, null),
    ('V8', 2, '拒执解释3(9)', '最高人民法院、最高人民检察院关于办理拒不执行判决、裁定刑事案件适用法律若干问题的解释（法释〔2024〕13号）', 1732982400000000, null),
    ('V9', 1, '民诉法解释187(2)', '最高人民法院关于适用《中华人民共和国民事诉讼法》的解释', 0, null),
    ('V9', 2, '执行规定57(3)', '最高人民法院关于人民法院执行工作若干问题的规定（试行）（2020年修正）', 1609430400000000, null),
    ('V10', 1, '民诉法解释187(5)', '最高人民法院关于适用《中华人民共和国民事诉讼法》的解释', 0, null),
    ('V10', 2, '执行规定57(6)(7)', '最高人民法院关于人民法院执行工作若干问题的规定（试行）（2020年修正）', 1609430400000000, null),
    ('V11', 1, '民诉法114(1)(3)', '中华人民共和国民事诉讼法', 1640966400000000, null),
    ('V11', 2, '刑法314', '中华人民共和国刑法', 0, null),
    ('V12', 1, '民诉法解释187(1)', '最高人民法院关于适用《中华人民共和国民事诉讼法》的解释', 0, null),
    ('V12', 2, '民诉法113', '中华人民共和国民事诉讼法', 1640966400000000, null),
    ('V12', 3, '刑法309', '中华人民共和国刑法', 0, null),
    ('V13', 1, '拒执解释4(4)', '最高人民法院、最高人民检察院关于办理拒不执行判决、裁定刑事案件适用法律若干问题的解释（法释〔2024〕13号）', 1732982400000000, null),
    ('V14', 1, '民诉法114(1)(6)', '中华人民共和国民事诉讼法', 1640966400000000, null),
    ('V14', 2, '民诉法252', '中华人民共和国民事诉讼法', 1640966400000000, null),
    ('V14', 3, '拒执解释3(4)(5)', '最高人民法院、最高人民检察院关于办理拒不执行判决、裁定刑事案件适用法律若干问题的解释（法释〔2024〕13号）', 1732982400000000, null),
    ('V15', 1, '民诉法117', '中华人民共和国民事诉讼法', 1640966400000000, null),
    ('V15', 2, '民诉法解释192', '最高人民法院关于适用《中华人民共和国民事诉讼法》的解释', 0, null),
    ('V16', 1, '民诉法114(1)(4)', '中华人民共和国民事诉讼法', 1640966400000000, null),
    ('V16', 2, '法官法55', '中华人民共和国法官法（2019年修订）', 1569859200000000, null),
    ('V16', 3, '法官法57', '中华人民共和国法官法（2019年修订）', 1569859200000000, null);

-- Text is ordered by its bytes, as SQLite orders it, whatever the database's collation: both engines give the same order, and no upgrade
-- of the operating system's collations spoils an index. Tables that come later say `collate "C"` themselves.
do $$
declare it record;
begin
    for it in
        select c.table_name, c.column_name from information_schema.columns c
            join information_schema.tables t using (table_schema, table_name)
        where c.table_schema = current_schema() and t.table_type = 'BASE TABLE' and c.data_type = 'text'
            and c.collation_name is distinct from 'C' and c.table_name not like '\_sqlx%'
        order by c.table_name, c.ordinal_position
    loop
        execute format('alter table %I alter column %I type text collate "C"', it.table_name, it.column_name);
    end loop;
end $$;
