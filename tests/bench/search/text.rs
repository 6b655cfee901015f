//! Chinese text as a court writes it, from a seed: names, places, notes, narratives.

/// SplitMix64: small, seeded, the same everywhere.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    /// True once in `n` times.
    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[usize::try_from(self.below(of.len() as u64)).unwrap_or(0)]
    }

    /// One of `of`, the first far more often than the last: words are not used evenly.
    pub(crate) fn pick_skewed<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let (a, b) = (self.below(of.len() as u64), self.below(of.len() as u64));
        &of[usize::try_from(a.min(b)).unwrap_or(0)]
    }
}

const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖文";
const GIVEN: &str = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂文辉玲华红玉萍鹏林飞波斌宇浩凯健俊帆雪荣爱国建志海燕春梅成福生德庆云峰亮东晓婷雨欣子轩梓涵一诺思远嘉怡若曦天佑振兴永胜长江立新学忠继光宝贵金凤银花水根土生";
const ROADS: &str = "人民解放建设和平中山长江松花哈达郭尔罗斯乌兰大街团结幸福光明胜利文化民主友谊站前育才青年工农";
const TOWNS: [&str; 12] = [
    "查干花",
    "长山",
    "王府",
    "乌兰图嘎",
    "平凤",
    "蒙古艾里",
    "达里巴",
    "吉拉吐",
    "白依拉嘎",
    "宝甸",
    "套浩太",
    "乌兰塔拉",
];
/// Kinds of action, the usual ones first.
pub(crate) const KINDS: [&str; 10] =
    ["送达", "查封扣押", "搜查", "强制腾退", "强制迁出", "拘传", "司法拘留", "现场调查", "张贴公告", "约谈"];
pub(crate) const CAUSES: [&str; 10] = [
    "民间借贷纠纷",
    "买卖合同纠纷",
    "金融借款合同纠纷",
    "机动车交通事故责任纠纷",
    "离婚纠纷",
    "劳动争议",
    "土地承包经营权纠纷",
    "房屋租赁合同纠纷",
    "抚养费纠纷",
    "建设工程施工合同纠纷",
];
const ACTS: [(&str, &str); 14] = [
    ("V1", "挥拳殴打执行人员面部"),
    ("V2", "手持菜刀追砍执行人员"),
    ("V2", "驾驶农用三轮车冲撞执行车辆"),
    ("V3", "召集亲属十余人围堵执行车辆，不准执行人员离开"),
    ("V4", "煽动围观群众起哄，冲击执行现场"),
    ("V5", "抱住执行人员双腿拉拽推搡"),
    ("V6", "扬言要用刀捅死执行法官全家"),
    ("V6", "打电话威胁书记员"),
    ("V7", "当众辱骂执行人员，言语不堪入耳"),
    ("V8", "抢夺并摔坏执法记录仪"),
    ("V9", "撕毁封条和公告"),
    ("V10", "锁闭院门，放出狼狗，阻挠搜查"),
    ("V13", "点燃汽油以自焚相威胁"),
    ("V13", "手握农药瓶声称喝药"),
];
const ENDS: [&str; 6] = [
    "经司法警察口头警告无效后予以控制",
    "经训诫后责令其具结悔过",
    "法院决定对其司法拘留十五日",
    "法院决定罚款五千元",
    "现场移送公安机关处理",
    "后在村干部劝说下停止",
];
const REMARKS: [&str; 10] = [
    "现场秩序正常，无异常情况",
    "被执行人不在家，邻居称其外出打工",
    "夜间拍摄，画面较暗",
    "记录仪电量不足，中途更换电池",
    "已向被执行人家属释明法律后果",
    "查封车辆一辆，已贴封条",
    "清点屋内物品并登记造册",
    "双方达成和解，当场履行部分案款",
    "被执行人情绪激动，注意后续片段",
    "与另一台记录仪同时拍摄，角度不同",
];

fn chars(text: &str) -> Vec<char> {
    text.chars().collect()
}

/// Makes text; holds the alphabets taken apart.
pub(crate) struct Writer {
    surnames: Vec<char>,
    given: Vec<char>,
    roads: Vec<char>,
}

impl Writer {
    pub(crate) fn new() -> Self {
        Self { surnames: chars(SURNAMES), given: chars(GIVEN), roads: chars(ROADS) }
    }

    pub(crate) fn name(&self, r: &mut Random) -> String {
        let mut name = String::from(*r.pick_skewed(&self.surnames));
        name.push(*r.pick(&self.given));
        if !r.one_in(4) {
            name.push(*r.pick(&self.given));
        }
        name
    }

    pub(crate) fn company(&self, r: &mut Random) -> String {
        let (a, b) = (r.pick(&self.given), r.pick(&self.given));
        format!("{}{a}{b}{}有限公司", r.pick(&TOWNS), r.pick(&["商贸", "粮食", "建筑", "运输", "农业科技"]))
    }

    pub(crate) fn place(&self, r: &mut Random) -> String {
        let road: String = [r.pick(&self.roads), r.pick(&self.roads)].into_iter().collect();
        format!("{}镇{road}路{}号", r.pick(&TOWNS), 1 + r.below(400))
    }

    pub(crate) fn note(&self, r: &mut Random) -> String {
        let remark = r.pick_skewed(&REMARKS);
        if r.one_in(3) {
            format!("{remark}；地点{}，在场人{}", self.place(r), self.name(r))
        } else {
            (*remark).to_owned()
        }
    }

    /// What happened, with the codes of what happened.
    pub(crate) fn narrative(&self, r: &mut Random, subject: &str) -> (String, Vec<&'static str>) {
        let (code, act) = *r.pick_skewed(&ACTS);
        let mut codes = vec![code];
        let place = self.place(r);
        let mut text = format!("执行人员在{place}执行时，被执行人{subject}{act}");
        if r.one_in(3) {
            let (code, act) = *r.pick(&ACTS);
            if !codes.contains(&code) {
                codes.push(code);
            }
            text += &format!("，其亲属{}{act}", self.name(r));
        }
        text += &format!("，{}。", r.pick(&ENDS));
        (text, codes)
    }
}
